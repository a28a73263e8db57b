// Small comforts of the customer's pages; everything works without this file too.
"use strict";

(() => {
  // "Copy" buttons, shown only where copying works.
  for (const button of document.querySelectorAll("[data-copy]")) {
    if (!navigator.clipboard) continue;
    const words = button.textContent;
    button.hidden = false;
    button.addEventListener("click", async () => {
      const target = document.getElementById(button.dataset.copy);
      try {
        await navigator.clipboard.writeText(target.textContent.trim());
        button.textContent = button.dataset.done;
      } catch {
        getSelection().selectAllChildren(target);
      }
      setTimeout(() => { button.textContent = words; }, 2500);
    });
  }

  // The shop may know that its page was opened, once and without a word about who.
  if (document.querySelector("[data-unopened]")) navigator.sendBeacon(`${location.pathname}/opened`);

  // The time that is left to pay; when it is over, the page says so by itself.
  const clock = document.querySelector("[data-seconds-left]");
  if (clock) {
    const end = performance.now() + Number(clock.dataset.secondsLeft) * 1000;
    const tick = () => {
      const left = Math.max(0, Math.round((end - performance.now()) / 1000));
      if (left === 0) {
        location.replace(location.pathname);
        return;
      }
      const minutes = Math.floor(left / 60);
      clock.textContent = `${minutes}:${String(left % 60).padStart(2, "0")}`;
      setTimeout(tick, 1000);
    };
    if (Number(clock.dataset.secondsLeft) > 0) tick();
  }

  // While something is still to come, look again now and then, and at once when the reader is back.
  // The address is asked anew, not reloaded: a page that answered a form would be sent once more.
  const watched = document.querySelector("[data-look-again]");
  if (watched) {
    const look = async () => {
      if (document.hidden) return;
      try {
        const answer = await fetch(location.pathname, { cache: "no-store" });
        const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
        const now = fresh.querySelector("[data-state]");
        if (answer.ok && now?.dataset.state !== watched.dataset.state) location.replace(location.pathname);
      } catch {
        // No connection: the page stays as it is, and the next look may find it.
      }
    };
    setInterval(look, 4000);
    document.addEventListener("visibilitychange", look);
  }
  // A page from the browser's memory may show a state that is over.
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });

  // One press is enough: the second of a double press is not sent.
  for (const form of document.querySelectorAll("form[data-once]")) {
    form.addEventListener("submit", (event) => {
      if (form.dataset.sent) event.preventDefault();
      form.dataset.sent = "1";
      setTimeout(() => { delete form.dataset.sent; }, 4000);
    });
  }
})();
