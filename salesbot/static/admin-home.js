/* Draws the first page's charts from the numbers that stand on it. */
(function () {
  "use strict";
  var css = getComputedStyle(document.documentElement);
  var colour = function (name) { return css.getPropertyValue(name).trim(); };
  var soft = colour("--sb-soft"), line = colour("--sb-line"), accent = colour("--sb-accent"), calm = colour("--sb-calm");
  if (!window.Chart) { return; }
  Chart.defaults.color = soft;
  Chart.defaults.borderColor = line;
  Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
  Chart.defaults.maintainAspectRatio = false;
  Chart.defaults.animation = false;
  Chart.defaults.locale = document.documentElement.lang;

  var days = document.querySelector("canvas[data-chart=days]");
  if (days) {
    var series = JSON.parse(days.dataset.series);
    var names = series.days.map(function (day) {
      return new Date(day + "T12:00:00Z").toLocaleDateString(document.documentElement.lang, { day: "numeric", month: "short", timeZone: "UTC" });
    });
    new Chart(days, {
      data: {
        labels: names,
        datasets: [
          { type: "bar", label: days.dataset.money, data: series.money, backgroundColor: accent, borderRadius: 3, yAxisID: "y" },
          { type: "line", label: days.dataset.orders, data: series.paid, borderColor: calm, backgroundColor: calm, pointRadius: 2, tension: .25, yAxisID: "orders" }
        ]
      },
      options: {
        interaction: { mode: "index", intersect: false },
        plugins: { legend: { position: "bottom" } },
        scales: {
          x: { grid: { display: false }, ticks: { maxRotation: 0, autoSkipPadding: 16 } },
          y: { beginAtZero: true },
          orders: { beginAtZero: true, position: "right", grid: { display: false }, ticks: { precision: 0 } }
        }
      }
    });
  }

  var funnel = document.querySelector("canvas[data-chart=funnel]");
  if (funnel) {
    var steps = Array.prototype.slice.call(document.querySelectorAll(".sb-funnel li"));
    new Chart(funnel, {
      type: "bar",
      data: {
        labels: steps.map(function (step) { return step.querySelector("span").textContent; }),
        datasets: [{ data: steps.map(function (step) { return Number(step.querySelector("b").textContent); }), backgroundColor: accent, borderRadius: 3 }]
      },
      options: { indexAxis: "y", plugins: { legend: { display: false } }, scales: { x: { beginAtZero: true, ticks: { precision: 0 } }, y: { grid: { display: false } } } }
    });
  }
})();
