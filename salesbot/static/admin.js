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

  /* What unfolds at the end of a screen comes into sight as a whole. */
  document.addEventListener("toggle", function (event) {
    if (event.target.open && event.target.matches(".sb-one-back, .sb-refund")) {
      event.target.scrollIntoView({ block: "nearest" });
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

  /* A large file is sent with a bar that shows how far it is. Without script the form is sent as any. */
  var LARGE = 500000;
  document.addEventListener("submit", function (event) {
    var form = event.target, size = 0;
    if (event.defaultPrevented || form.enctype !== "multipart/form-data") { return; }
    form.querySelectorAll("input[type=file]").forEach(function (input) {
      Array.prototype.forEach.call(input.files, function (file) { size += file.size; });
    });
    var buttons = form.querySelector(".sb-save");
    if (size < LARGE || !buttons) { return; }
    event.preventDefault();
    var data = new FormData(form);
    if (event.submitter && event.submitter.name) { data.append(event.submitter.name, event.submitter.value); }
    var bar = document.createElement("progress");
    bar.max = 1;
    bar.value = 0;
    bar.setAttribute("aria-label", buttons.dataset.sending);
    buttons.classList.add("sb-sending");
    buttons.appendChild(bar);
    var request = new XMLHttpRequest();
    var failed = function () {
      buttons.classList.remove("sb-sending");
      bar.remove();
      window.alert(buttons.dataset.broken);
    };
    request.upload.addEventListener("progress", function (step) {
      if (step.lengthComputable) { bar.value = step.loaded / step.total; }
    });
    request.addEventListener("load", function () {
      var next = request.getResponseHeader("X-Go-On");
      if (next) { window.location.assign(next); return; }
      document.open();
      document.write(request.responseText);
      document.close();
    });
    request.addEventListener("error", failed);
    request.addEventListener("abort", failed);
    request.open("POST", form.getAttribute("action") || window.location.href);
    request.setRequestHeader("X-Upload", "1");
    request.send(data);
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

  /* Times are shown by the clock that the reader chose, else by the browser's, today's without the date. */
  var page = document.documentElement.lang;
  var own = navigator.language || page;
  var locale = own.split("-")[0] === page.split("-")[0] ? own : page;
  var browsers = Intl.DateTimeFormat().resolvedOptions().timeZone;
  var zone = document.documentElement.dataset.zone || browsers;
  var day = function (moment) { return moment.toLocaleDateString("en-CA", { timeZone: zone }); };
  var sameDay = function (a, b) { return day(a) === day(b); };
  /* The server reads by it what is typed, and counts days by it. */
  if (browsers) {
    document.cookie = "salesbot_zone=" + browsers + ";path=/;max-age=31536000;samesite=lax"
      + (location.protocol === "https:" ? ";secure" : "");
  }
  var showTimes = function (root) {
    root.querySelectorAll("time[datetime][data-local]").forEach(function (element) {
      var moment = new Date(element.getAttribute("datetime"));
      if (isNaN(moment)) { return; }
      var clock = { hour: "2-digit", minute: "2-digit", timeZone: zone };
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

  /* What a page asks for again and again. Whoever is signed out is told so once, and nothing more is asked. */
  var signedOut = false;
  var saySignedOut = function () {
    var corner = document.querySelector("[data-signed-out]");
    if (signedOut || !corner) { return; }
    signedOut = true;
    var link = document.createElement("a");
    link.href = corner.dataset.login + encodeURIComponent(corner.dataset.page);
    link.textContent = corner.dataset.again;
    corner.append(corner.dataset.signedOut, " ", link);
  };
  var poll = function (address, options) {
    if (signedOut) { return Promise.reject(new Error("signed out")); }
    return fetch(address, Object.assign({ credentials: "same-origin", redirect: "error" }, options))
      .then(function (answer) {
        if (answer.status !== 401) { return answer; }
        saySignedOut();
        throw new Error("signed out");
      });
  };
  window.salesbot = { showTimes: showTimes, poll: poll };

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
