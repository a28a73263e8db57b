/* Prints one link's card, or all of them. */
(function () {
  "use strict";

  var cards = Array.from(document.querySelectorAll(".lk-card"));

  function print(chosen) {
    cards.forEach(function (card) { card.classList.toggle("lk-unprinted", !chosen.includes(card)); });
    // Codes further down have not been fetched yet.
    var codes = chosen.map(function (card) { return card.querySelector("img"); }).filter(Boolean);
    codes.forEach(function (code) { code.loading = "eager"; });
    Promise.all(codes.map(function (code) { return code.decode().catch(function () {}); }))
      .then(function () { window.print(); });
  }

  document.querySelectorAll("[data-print]").forEach(function (button) {
    button.addEventListener("click", function () { print([button.closest(".lk-card")]); });
  });
  var all = document.querySelector("[data-print-all]");
  if (all) { all.addEventListener("click", function () { print(cards); }); }
})();
