/* News on this device when no page is open: what every page has to know of it, and does for it. */
(function () {
  "use strict";

  var corner = document.querySelector("[data-news]");
  if (!corner) { return; }
  var KEPT = "salesbot-push";
  var push = {
    on: false,
    possible: window.isSecureContext && "serviceWorker" in navigator && "PushManager" in window && "Notification" in window,
    address: function (what) { return corner.dataset.news + what; },
    post: function (what, fields) {
      var form = new URLSearchParams(fields);
      form.set("csrf_token", corner.dataset.csrf);
      return fetch(push.address(what), { method: "POST", body: form, credentials: "same-origin", redirect: "error" })
        .then(function (answer) {
          return answer.json().then(function (said) { if (!answer.ok) { throw said; } return said; });
        });
    },
    subscription: function () {
      return navigator.serviceWorker.getRegistration(corner.dataset.scope).then(function (worker) {
        return worker ? worker.pushManager.getSubscription() : null;
      });
    },
    subscribe: function () {
      return Promise.all([
        push.post("key", {}),
        navigator.serviceWorker.register(corner.dataset.worker, { scope: corner.dataset.scope })
          .then(function () { return navigator.serviceWorker.ready; }),
      ]).then(function (both) {
        var options = { userVisibleOnly: true, applicationServerKey: bytes(both[0].key) };
        return both[1].pushManager.subscribe(options).catch(function (problem) {
          // It is subscribed with the key of another shop at this address: the present one counts.
          if (problem.name !== "InvalidStateError") { throw problem; }
          return both[1].pushManager.getSubscription()
            .then(function (old) { return old && old.unsubscribe(); })
            .then(function () { return both[1].pushManager.subscribe(options); });
        });
      }).then(function (mine) { return push.tell(mine); });
    },
    tell: function (mine, old) {
      var keys = mine.toJSON().keys;
      return push.post("device", { endpoint: mine.endpoint, p256dh: keys.p256dh, auth: keys.auth, old: old || "" })
        .then(function () { push.keep(mine.endpoint); });
    },
    leave: function () {
      return push.subscription().then(function (mine) {
        push.keep("");
        if (!mine) { return null; }
        return push.post("device/off", { endpoint: mine.endpoint }).then(function () { return mine.unsubscribe(); });
      });
    },
    kept: function () {
      try { return JSON.parse(localStorage.getItem(KEPT) || "null") || {}; } catch (problem) { return {}; }
    },
    keep: function (endpoint) {
      push.on = Boolean(endpoint);
      document.querySelectorAll("[data-device]").forEach(function (field) { field.value = endpoint; });
      try {
        if (endpoint) { localStorage.setItem(KEPT, JSON.stringify({ who: corner.dataset.who, endpoint: endpoint })); }
        else { localStorage.removeItem(KEPT); }
      } catch (problem) { /* Without storage it is asked for again. */ }
    },
    /* Somebody else's news do not follow whoever signs in here, and a new address is passed on. */
    look: function () {
      var kept = push.kept();
      if (!kept.endpoint || !push.possible || Notification.permission !== "granted") { return; }
      push.subscription().then(function (mine) {
        if (!mine) { push.keep(""); return null; }
        if (kept.who !== corner.dataset.who) { return push.leave(); }
        if (kept.endpoint !== mine.endpoint) { return push.tell(mine, kept.endpoint); }
        push.keep(mine.endpoint);
        return null;
      }).catch(function () { /* The next page tries again. */ });
    },
  };
  var bytes = function (text) {
    var plain = window.atob(text.replace(/-/g, "+").replace(/_/g, "/"));
    return Uint8Array.from(plain, function (letter) { return letter.charCodeAt(0); });
  };
  window.salesbot = Object.assign(window.salesbot || {}, { push: push });
  push.look();
})();
