/* A conversation keeps itself up to date and stays where its reader is. */
(function () {
  "use strict";

  var log = document.getElementById("chat-log");
  if (!log) { return; }
  var atEnd = function () { return log.scrollHeight - log.scrollTop - log.clientHeight < 60; };
  var toEnd = function () { log.scrollTop = log.scrollHeight; };

  var wanted = /^#m\d+$/.test(location.hash) && document.querySelector(location.hash);
  if (wanted) { wanted.scrollIntoView({ block: "center" }); } else { toEnd(); }

  /* Enter sends, Shift+Enter begins a new line; on a phone Enter is a new line. */
  var box = document.getElementById("chat-text");
  if (box && window.matchMedia("(hover: hover)").matches) {
    box.addEventListener("keydown", function (event) {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
        event.preventDefault();
        if (box.value.trim()) { box.form.requestSubmit(); }
      }
    });
  }

  if (!log.dataset.address) { return; }
  var update = function () {
    if (document.hidden) { return; }
    fetch(log.dataset.address, { credentials: "same-origin", redirect: "error" })
      .then(function (answer) {
        var version = answer.headers.get("X-Version");
        // Nobody's button disappears while it is being pressed.
        var busy = log.contains(document.activeElement) && document.activeElement !== log;
        if (!answer.ok || !version || version === log.dataset.version || busy) { return null; }
        return answer.text().then(function (html) {
          var follow = atEnd();
          var place = log.scrollTop;
          log.dataset.version = version;
          log.innerHTML = html;
          window.salesbot.showTimes(log);
          if (follow) { toEnd(); } else { log.scrollTop = place; }
        });
      })
      .catch(function () { /* The next try is three seconds away. */ });
  };
  window.setInterval(update, 3000);
})();
