/* Fetches the first page's charts once the page stands, and draws them from the numbers that come. */
(function () {
  "use strict";
  const place = document.querySelector("[data-charts]");
  if (!place) { return; }
  const language = document.documentElement.lang;
  const css = getComputedStyle(document.documentElement);
  const colour = (name) => css.getPropertyValue(name).trim();
  const accent = colour("--sb-accent"), calm = colour("--sb-calm");

  function dress(Chart) {
    Chart.defaults.color = colour("--sb-soft");
    Chart.defaults.borderColor = colour("--sb-line");
    Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
    Chart.defaults.maintainAspectRatio = false;
    Chart.defaults.animation = false;
    Chart.defaults.locale = language;
  }

  function drawDays(canvas) {
    const series = JSON.parse(canvas.dataset.series);
    const name = (day) => new Date(day + "T12:00:00Z").toLocaleDateString(language, { day: "numeric", month: "short", timeZone: "UTC" });
    new Chart(canvas, {
      data: {
        labels: series.days.map(name),
        datasets: [
          { type: "bar", label: canvas.dataset.money, data: series.money, backgroundColor: accent, borderRadius: 3, yAxisID: "y" },
          { type: "line", label: canvas.dataset.orders, data: series.paid, borderColor: calm, backgroundColor: calm, pointRadius: 2, tension: .25, yAxisID: "orders" }
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

  function drawFunnel(canvas, steps) {
    new Chart(canvas, {
      type: "bar",
      data: {
        labels: steps.map((step) => step.querySelector("span").textContent),
        datasets: [{ data: steps.map((step) => Number(step.querySelector("b").dataset.count)), backgroundColor: accent, borderRadius: 3 }]
      },
      options: { indexAxis: "y", plugins: { legend: { display: false } }, scales: { x: { beginAtZero: true, ticks: { precision: 0 } }, y: { grid: { display: false } } } }
    });
  }

  function draw() {
    if (!window.Chart) { return; }
    dress(window.Chart);
    drawDays(place.querySelector("canvas[data-chart=days]"));
    drawFunnel(place.querySelector("canvas[data-chart=funnel]"), [...place.querySelectorAll(".sb-funnel li")]);
  }

  function sayLost() {
    const card = document.createElement("p"), again = document.createElement("button");
    card.className = "sb-card sb-wide";
    card.role = "alert";
    again.className = "btn btn-secondary";
    again.type = "button";
    again.textContent = place.dataset.again;
    again.addEventListener("click", show);
    card.append(place.dataset.lost, " ", again);
    place.replaceChildren(card);
  }

  async function show() {
    place.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(place.dataset.charts, { credentials: "same-origin", redirect: "error" });
      if (!answer.ok) { throw new Error(answer.status); }
      place.innerHTML = await answer.text();
      draw();
    } catch {
      sayLost();
    } finally {
      place.removeAttribute("aria-busy");
    }
  }

  show();
})();
