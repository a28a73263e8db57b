/* "News on this device": what this browser can do, switching it on and off, and a test. */
(function () {
  "use strict";

  var card = document.querySelector("[data-push]");
  if (!card) { return; }
  var said = card.querySelector("[data-push-said]");
  var push = window.salesbot.push;

  var show = function (state) {
    card.querySelectorAll("[data-state]").forEach(function (part) {
      part.hidden = part.dataset.state.split(" ").indexOf(state) < 0;
    });
  };
  var say = function (words) { said.textContent = words || ""; };
  var state = function () {
    var apple = /iPhone|iPad|iPod/.test(navigator.userAgent) || (/Mac/.test(navigator.platform) && navigator.maxTouchPoints > 1);
    var installed = navigator.standalone || window.matchMedia("(display-mode: standalone)").matches;
    if (!window.isSecureContext) { return "insecure"; }
    if (!push.possible) { return apple && !installed ? "install" : "unable"; }
    return Notification.permission === "denied" ? "blocked" : "off";
  };
  var look = function () {
    var now = state();
    if (now !== "off" || Notification.permission !== "granted") { show(now); return; }
    push.subscription().then(function (mine) {
      return mine ? push.post("device/known", { endpoint: mine.endpoint }) : { on: false };
    }).then(function (answer) { show(answer.on ? "on" : "off"); }, function () { show("off"); });
  };

  var wait = function (number, tries) {
    window.salesbot.poll(push.address("test/" + number))
      .then(function (answer) { return answer.json(); })
      .then(function (answer) {
        say(answer.words);
        if (answer.state === "due") {
          if (tries > 0) { window.setTimeout(function () { wait(number, tries - 1); }, 1000); }
          else { say(card.dataset.slow); }
        }
      }, function () { say(card.dataset.broken); });
  };
  var trouble = function (problem) {
    say(problem && problem.words ? problem.words : card.dataset.broken);
    look();
  };
  var work = {
    on: function () {
      // Asked first: browsers want that to follow the press at once.
      return Notification.requestPermission().then(function (answer) {
        if (answer !== "granted") { look(); return null; }
        return push.subscribe().then(function () { show("on"); say(card.dataset.done); });
      });
    },
    off: function () {
      return push.leave().then(function () { show("off"); say(card.dataset.ended); });
    },
    test: function () {
      return push.subscription().then(function (mine) {
        return push.post("test", { endpoint: mine ? mine.endpoint : "" });
      }).then(function (answer) { wait(answer.test, 60); });
    },
  };
  card.addEventListener("click", function (event) {
    var button = event.target.closest("[data-push-do]");
    if (!button) { return; }
    button.disabled = true;
    say(card.dataset.wait);
    work[button.dataset.pushDo]().catch(trouble).then(function () { button.disabled = false; });
  });
  look();
})();
