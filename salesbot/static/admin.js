/* What the back office's pages do in the browser. No page needs inline script. */
(function () {
  "use strict";

  /* The menu on a narrow screen. */
  var menuButton = document.querySelector(".sb-menu-button");
  if (menuButton) {
    var side = document.getElementById("sb-side");
    var showMenu = function (open) {
      side.classList.toggle("sb-open", open);
      menuButton.setAttribute("aria-expanded", String(open));
    };
    menuButton.addEventListener("click", function () {
      showMenu(!side.classList.contains("sb-open"));
    });
    document.addEventListener("keydown", function (event) {
      if (event.key === "Escape" && side.classList.contains("sb-open")) {
        showMenu(false);
        menuButton.focus();
      }
    });
    document.addEventListener("click", function (event) {
      if (!side.contains(event.target) && !menuButton.contains(event.target)) { showMenu(false); }
    });
  }

  /* A form or button with data-confirm asks first. Without script it is sent as it is. */
  document.addEventListener("submit", function (event) {
    var question = (event.submitter && event.submitter.dataset.confirm) || event.target.dataset.confirm;
    if (question && !window.confirm(question)) {
      event.preventDefault();
      event.stopImmediatePropagation();
    }
  }, true);

  /* A form with data-once is sent once, however often its button is pressed. */
  document.addEventListener("submit", function (event) {
    var form = event.target;
    if (event.defaultPrevented || !form.hasAttribute("data-once")) { return; }
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "1";
  });
  window.addEventListener("pageshow", function () {
    document.querySelectorAll("form[data-once]").forEach(function (form) { delete form.dataset.sent; });
  });

  /* Bulk actions, and the bar that shows while rows are ticked. */
  document.addEventListener("click", function (event) {
    var button = event.target.closest("[data-action]");
    if (button && window.modelActions) { window.modelActions.execute(button.dataset.action); }
    var adder = event.target.closest("[data-add-inline]");
    if (adder && window.faForm) { window.faForm.addInlineField(adder, adder.dataset.addInline); }
  });
  var selectedBar = document.querySelector(".sb-selected");
  if (selectedBar) {
    var countTicks = function () {
      var ticked = document.querySelectorAll("input.action-checkbox:checked").length;
      selectedBar.hidden = ticked === 0;
      selectedBar.querySelector(".sb-selected-count").textContent = ticked;
    };
    // Flask-Admin's own handler ticks the rows first, on the same event.
    document.addEventListener("change", function (event) {
      if (event.target.matches(".action-checkbox, .action-rowtoggle")) { window.setTimeout(countTicks); }
    });
    countTicks();
  }

  /* Times are written in UTC and shown in the reader's own zone, today's without the date. */
  var page = document.documentElement.lang;
  var own = navigator.language || page;
  var locale = own.split("-")[0] === page.split("-")[0] ? own : page;
  var sameDay = function (a, b) { return a.toDateString() === b.toDateString(); };
  var showTimes = function (root) {
    root.querySelectorAll("time[datetime][data-local]").forEach(function (element) {
      var moment = new Date(element.getAttribute("datetime"));
      if (isNaN(moment)) { return; }
      var clock = { hour: "2-digit", minute: "2-digit" };
      var date = { day: "numeric", month: "short", year: "numeric" };
      var short = sameDay(moment, new Date());
      element.title = element.title || element.textContent;
      element.textContent = short
        ? moment.toLocaleTimeString(locale, clock)
        : moment.toLocaleString(locale, Object.assign({}, date, clock));
      element.removeAttribute("data-local");
    });
  };
  showTimes(document);
  window.salesbot = { showTimes: showTimes };

  /* Of a product's form only what its kind needs is shown. */
  var kind = document.querySelector("select#kind");
  if (kind) {
    var showKind = function () {
      document.querySelectorAll("[data-for-kind]").forEach(function (part) {
        part.hidden = part.dataset.forKind !== kind.value;
      });
    };
    kind.addEventListener("change", showKind);
    showKind();
  }

  /* Native drop-downs in place of select2: they are readable, and phones know them. select2 stays
     for choosing several and for looking up in a large table. */
  document.addEventListener("DOMContentLoaded", function () {
    if (window.faForm) {
      window.faForm.addFieldConverter(function ($field, role) {
        var field = $field.get(0);
        return role === "select2" && field.tagName === "SELECT" && !field.multiple;
      });
    }
  });
})();
