// Says while somebody types which places in braces a text can't have.
(() => {
  const card = document.querySelector("[data-place-check]");
  for (const box of card.querySelectorAll("[data-places]")) {
    const allowed = box.dataset.places.split(" ");
    const problem = document.createElement("div");
    problem.className = "sb-field-error";
    problem.hidden = true;
    problem.setAttribute("role", "status");
    box.after(problem);
    box.addEventListener("input", () => {
      const unknown = (box.value.match(/\{[^{}\n]*\}/g) || []).filter((place) => !allowed.includes(place));
      problem.hidden = unknown.length === 0;
      problem.textContent = unknown.length ? `${unknown.join(", ")} ${card.dataset.placeCheck}` : "";
      box.classList.toggle("is-invalid", unknown.length > 0);
    });
  }
})();
