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

  // The time that is left to pay; when it is over, the page says so by itself.
  const clock = document.querySelector("[data-seconds-left]");
  if (clock) {
    const end = performance.now() + Number(clock.dataset.secondsLeft) * 1000;
    const tick = () => {
      const left = Math.max(0, Math.round((end - performance.now()) / 1000));
      if (left === 0) {
        location.reload();
        return;
      }
      const minutes = Math.floor(left / 60);
      clock.textContent = `${minutes}:${String(left % 60).padStart(2, "0")}`;
      setTimeout(tick, 1000);
    };
    if (Number(clock.dataset.secondsLeft) > 0) tick();
  }

  // Back from the bank or from the chat: look again whether the payment has arrived.
  if (document.querySelector("[data-look-again]")) {
    let hidden = false;
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) hidden = true;
      else if (hidden) location.reload();
    });
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
