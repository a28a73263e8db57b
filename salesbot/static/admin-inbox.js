/* The inbox keeps itself up to date, and its reader stays where they are. */
(function () {
  "use strict";

  var inbox = document.querySelector("[data-inbox]");
  if (!inbox) { return; }
  var log = document.getElementById("chat-log");
  var newer = inbox.querySelector("[data-newer]");
  var box = document.getElementById("chat-text");
  var atEnd = function () { return log.scrollHeight - log.scrollTop - log.clientHeight < 80; };
  var toEnd = function () { log.scrollTop = log.scrollHeight; if (newer) { newer.hidden = true; } };

  /* Only what is new or different is put in, so that nothing jumps and no picture loads twice. */
  var patch = function (holder, fresh) {
    var old = {};
    Array.from(holder.children).forEach(function (child) { old[child.id] = child; });
    var place = null;
    Array.from(fresh.children).forEach(function (child) {
      var known = old[child.id];
      if (known && known.dataset.key === child.dataset.key) { child = known; }
      else if (known) { known.replaceWith(child); }
      if (place ? place.nextElementSibling !== child : holder.firstElementChild !== child) {
        holder.insertBefore(child, place ? place.nextElementSibling : holder.firstElementChild);
      }
      delete old[child.id];
      place = child;
    });
    Object.keys(old).forEach(function (id) { old[id].remove(); });
  };
  var parsed = function (html) {
    var template = document.createElement("template");
    template.innerHTML = html;
    return template.content;
  };
  var show = function (part, news) {
    var holder = inbox.querySelector('[data-part="' + part + '"]');
    // Nobody's button or field disappears while it is being used.
    var busy = holder && holder.contains(document.activeElement) && document.activeElement !== holder;
    if (!holder || holder.hasAttribute("data-still") || busy) { return; }
    holder.dataset.version = news.version;
    if (holder !== log) {
      var top = holder.closest(".ib-list, .ib-side, .ib-chatbox").scrollTop;
      holder.replaceChildren(parsed(news.html));
      holder.closest(".ib-list, .ib-side, .ib-chatbox").scrollTop = top;
    } else {
      var follow = atEnd();
      var last = log.lastElementChild && log.lastElementChild.id;
      patch(log, parsed(news.html));
      if (follow) { toEnd(); } else if (newer && last !== log.lastElementChild.id) { newer.hidden = false; }
    }
    window.salesbot.showTimes(holder);
    showLeft();
  };
  var round = 0;
  var update = function () {
    if (document.hidden) { return; }
    round += 1;
    var address = new URL(inbox.dataset.news, location.href);
    inbox.querySelectorAll("[data-part][data-version]").forEach(function (holder) {
      // Orders change seldom, and cost the most to look up.
      if (holder.dataset.part !== "side" || round % 4 === 0) {
        address.searchParams.set(holder.dataset.part, holder.dataset.version);
      }
    });
    window.salesbot.poll(address)
      .then(function (answer) { return answer.ok ? answer.json() : {}; })
      .then(function (news) { Object.keys(news).forEach(function (part) { show(part, news[part]); }); })
      .catch(function () { /* The next try is two seconds away. */ });
  };
  window.setInterval(update, 2000);
  document.addEventListener("visibilitychange", update);

  /* How long free text may still be sent. */
  var showLeft = function () {
    inbox.querySelectorAll("[data-left]").forEach(function (clock) {
      var minutes = Math.max(0, Math.floor((clock.dataset.left - Date.now() / 1000) / 60));
      var words = clock.dataset.words.replace("{hours}", Math.floor(minutes / 60)).replace("{minutes}", minutes % 60);
      clock.textContent = "(" + words + ")";
    });
  };
  window.setInterval(showLeft, 20000);
  showLeft();

  if (!log) { return; }
  var wanted = /^#m\d+$/.test(location.hash) && document.querySelector(location.hash);
  var begin = function () { if (wanted) { wanted.scrollIntoView({ block: "center" }); } else { toEnd(); } };
  begin();
  // Pictures grow while they load.
  window.addEventListener("load", begin, { once: true });
  if (newer) {
    newer.addEventListener("click", toEnd);
    log.addEventListener("scroll", function () { if (atEnd()) { newer.hidden = true; } });
  }

  /* Colleagues see who is here and who writes. */
  var chatbox = inbox.querySelector("[data-here]");
  var typedAt = 0;
  var sayHere = function () {
    if (!chatbox || document.hidden) { return; }
    var form = new FormData();
    form.set("csrf_token", chatbox.dataset.csrf);
    form.set("writing", Date.now() - typedAt < 10000 ? "1" : "0");
    window.salesbot.poll(chatbox.dataset.here, { method: "POST", body: form })
      .catch(function () { /* It is said again soon. */ });
  };
  sayHere();
  window.setInterval(sayHere, 8000);
  document.addEventListener("visibilitychange", sayHere);
  if (!box) { return; }
  box.addEventListener("input", function () {
    var began = Date.now() - typedAt > 10000;
    typedAt = Date.now();
    if (began) { sayHere(); }
  });

  /* Enter sends, Shift+Enter begins a new line; on a phone Enter is a new line. */
  var send = box.form.querySelector('button[value="send"]');
  if (send && window.matchMedia("(hover: hover)").matches) {
    box.addEventListener("keydown", function (event) {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
        event.preventDefault();
        if (box.value.trim()) { box.form.requestSubmit(send); }
      }
    });
  }

  /* A ready answer goes where the cursor is. */
  inbox.addEventListener("click", function (event) {
    var ready = event.target.closest("[data-ready]");
    if (!ready) { return; }
    box.setRangeText(ready.dataset.ready, box.selectionStart, box.selectionEnd, "end");
    box.dispatchEvent(new Event("input", { bubbles: true }));
    ready.closest("details").open = false;
    box.focus();
  });

  /* Which file goes with the message. */
  var file = document.getElementById("chat-file");
  if (file) {
    file.addEventListener("change", function () {
      var label = box.form.querySelector("[data-file-name]");
      label.textContent = file.files.length ? file.files[0].name : label.dataset.none;
    });
  }
})();
