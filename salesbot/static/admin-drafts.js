/* What somebody types is not lost when the page is loaded anew or they were signed out meanwhile. It is
   kept in this tab alone, for whoever typed it, until it is sent or they sign out. */
(function () {
  "use strict";

  var corner = document.querySelector("[data-who]");
  if (!corner) { return; }
  var MINE = "salesbot-draft/" + corner.dataset.who + "/";
  var FORMS = "salesbot-form/" + corner.dataset.who;
  var read = function (key) { try { return sessionStorage.getItem(key); } catch (problem) { return null; } };
  var keep = function (key, text) {
    try {
      if (text) { sessionStorage.setItem(key, text); } else { sessionStorage.removeItem(key); }
    } catch (problem) { /* Without storage there are no drafts. */ }
  };

  /* An answer or a note of a chat: kept at each letter. */
  document.querySelectorAll("[data-draft]").forEach(function (box) {
    var key = MINE + box.dataset.draft;
    if (location.hash === "#sent") {
      keep(key, "");
      history.replaceState(history.state, "", "#end");
    }
    if (box.value) { keep(key, box.value); } else { box.value = read(key) || ""; }
    box.addEventListener("input", function () { keep(key, box.value); });
  });

  /* Long texts of other forms: kept while the form is sent, and put back where it was not taken. */
  var texts = function () {
    return Array.from(document.querySelectorAll('main form[method="post" i] textarea[name]:not([data-draft], [data-no-draft], [hidden])'));
  };
  var page = document.querySelector("[data-page]").dataset.page;
  var keepForms = function () {
    var typed = texts().filter(function (box) { return box.value !== box.defaultValue; });
    keep(FORMS, typed.length && JSON.stringify({
      page: page, boxes: typed.map(function (box) { return [box.id, box.defaultValue, box.value]; }),
    }));
  };
  var kept = JSON.parse(read(FORMS) || "null");
  keep(FORMS, "");
  if (kept && kept.page === page && !document.querySelector(".sb-said .alert-success")) {
    // What has been saved, or was changed by somebody else, stays as it is.
    kept.boxes.forEach(function (one) {
      var box = document.getElementById(one[0]);
      if (box && box.value === one[1]) {
        box.value = one[2];
        box.dispatchEvent(new Event("input", { bubbles: true }));
      }
    });
  }
  document.addEventListener("submit", function (event) {
    if (event.target.closest(".sb-who")) {
      Object.keys(sessionStorage).filter(function (key) { return key.startsWith("salesbot-draft/"); })
        .forEach(function (key) { keep(key, ""); });
    } else if (!event.defaultPrevented && event.target.closest("main")) { keepForms(); }
  });
  document.querySelector("[data-signed-out]").addEventListener("click", keepForms);
})();
