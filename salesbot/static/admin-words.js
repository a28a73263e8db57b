// The page of the bot's words: finds sentences, checks places while somebody types, gives words back.
(() => {
  const words = [...document.querySelectorAll("[data-word]")];
  const search = document.querySelector("[data-word-search]");
  const plugin = document.querySelector("[data-word-package]");
  const filtered = () => {
    for (const word of words) {
      if (!word.closest(".sb-card").contains(search)) continue;
      const found = word.dataset.search.includes(search.value.trim().toLowerCase());
      word.hidden = !found || (plugin.value !== "" && plugin.value !== word.dataset.package);
    }
  };
  search.addEventListener("input", filtered);
  search.addEventListener("keydown", (event) => { if (event.key === "Enter") event.preventDefault(); });
  plugin.addEventListener("change", filtered);
  for (const word of words) {
    const box = word.querySelector("textarea");
    const problem = word.querySelector("[data-problem]");
    const allowed = box.dataset.places.split(" ");
    box.addEventListener("input", () => {
      const unknown = (box.value.match(/\{\w*\}|%\(\w+\)[a-z]/g) || []).filter((place) => !allowed.includes(place));
      problem.hidden = unknown.length === 0;
      problem.textContent = unknown.length ? `${unknown.join(", ")} ${problem.dataset.unknown}` : "";
      box.classList.toggle("is-invalid", unknown.length > 0);
    });
    word.querySelector("[data-reset]")?.addEventListener("click", () => { box.value = ""; box.focus(); });
  }
})();
