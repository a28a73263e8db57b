/* The filters above a list: Flask-Admin's addresses (flt0_3=…) made with the browser's own fields. */
(function () {
  "use strict";

  var form = document.getElementById("filter_form");
  if (!form) { return; }
  var groups = JSON.parse(form.dataset.groups);
  var rows = form.querySelector(".sb-filter-rows");
  var made = 0;

  var KINDS = {
    datepicker: "date", datetimepicker: "datetime-local", timepicker: "time",
    daterangepicker: "date", datetimerangepicker: "datetime-local", timerangepicker: "time"
  };
  // Flask-Admin reads "2026-11-22 13:00:00"; the browser's fields speak of "2026-11-22T13:00".
  var toField = function (text) { return text.trim().replace(" ", "T"); };
  var fromField = function (text, kind) {
    var spaced = text.replace("T", " ");
    var seconds = kind !== "date" && /\d\d:\d\d$/.test(spaced) && !/\d\d:\d\d:\d\d$/.test(spaced);
    return seconds ? spaced + ":00" : spaced;
  };

  var element = function (tag, attributes) {
    var made = document.createElement(tag);
    Object.keys(attributes).forEach(function (name) { made.setAttribute(name, attributes[name]); });
    return made;
  };

  var valueField = function (filter, name, value) {
    var holder = element("span", { "class": "sb-filter-value" });
    var hidden = element("input", { type: "hidden", name: "flt" + (made++) + "_" + filter.arg });
    hidden.value = value || "";
    holder.append(hidden);
    if (filter.options && filter.type !== "select2-tags") {
      var select = element("select", { "class": "custom-select", "aria-label": name });
      filter.options.forEach(function (option) {
        select.append(new Option(option[1], option[0], false, String(option[0]) === String(value)));
      });
      hidden.value = select.value;
      select.addEventListener("change", function () { hidden.value = select.value; });
      holder.append(select);
      return holder;
    }
    var kind = KINDS[filter.type] || "text";
    var isRange = /range/.test(filter.type || "");
    var parts = (value || "").split(" to ");
    var fields = (isRange ? [0, 1] : [0]).map(function (index) {
      var field = element("input", { type: kind, "class": "form-control", "aria-label": name });
      field.value = kind === "text" ? (value || "") : toField(parts[index] || "");
      holder.append(field);
      return field;
    });
    holder.addEventListener("input", function () {
      hidden.value = fields.map(function (field) {
        return kind === "text" ? field.value : fromField(field.value, kind);
      }).join(" to ");
    });
    return holder;
  };

  var addRow = function (name, index, value) {
    var choices = groups[name];
    if (!choices) { return; }
    var at = Math.max(choices.findIndex(function (filter) { return filter.index === index; }), 0);
    var row = element("div", { "class": "sb-filter" });
    var title = element("span", { "class": "sb-filter-name" });
    title.textContent = name;
    var how = element("select", { "class": "custom-select", "aria-label": name });
    choices.forEach(function (filter, number) {
      how.append(new Option(filter.operation, number, false, number === at));
    });
    var field = valueField(choices[at], name, value);
    how.addEventListener("change", function () {
      var next = valueField(choices[how.value], name, "");
      field.replaceWith(next);
      field = next;
    });
    var remove = element("button", { type: "button", "class": "sb-icon", "aria-label": form.dataset.remove });
    remove.append(element("i", { "class": "fa-solid fa-xmark", "aria-hidden": "true" }));
    remove.addEventListener("click", function () { row.remove(); });
    row.append(title, how, field, remove);
    rows.append(row);
    return field;
  };

  JSON.parse(form.dataset.active).forEach(function (active) { addRow(active[1], active[0], active[2]); });
  form.querySelector(".sb-filter-add").addEventListener("change", function () {
    var field = addRow(this.value, -1, "");
    this.value = "";
    if (field) { field.querySelector("select, input:not([type=hidden])").focus(); }
  });
})();
