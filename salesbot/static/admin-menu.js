// Moves the lines of the menu by dragging and by their arrows; what stands in the form's order is what is saved.
(() => {
  const list = document.querySelector("[data-menu-lines]");
  const said = document.querySelector("[data-menu-said]");
  const lines = () => [...list.children];
  const tell = (line) => {
    const words = list.dataset.moved.replace("{line}", line.dataset.menuLine).replace("{n}", lines().indexOf(line) + 1);
    said.textContent = words;
  };
  list.addEventListener("click", (event) => {
    const button = event.target.closest("button[name=up], button[name=down]");
    if (!button) return;
    event.preventDefault();
    const line = button.closest("li");
    const up = button.name === "up";
    const other = up ? line.previousElementSibling : line.nextElementSibling;
    if (!other) return;
    if (up) other.before(line);
    else other.after(line);
    button.focus();
    tell(line);
  });
  // By pointer, so that a finger drags as a mouse does.
  list.addEventListener("pointerdown", (event) => {
    const grip = event.target.closest("[data-grip]");
    if (!grip) return;
    event.preventDefault();
    const line = grip.closest("li");
    line.classList.add("sb-dragged");
    // At the document: a line that is put elsewhere loses the pointer.
    const ends = new AbortController();
    const during = (name, action) => document.addEventListener(name, action, { signal: ends.signal });
    during("pointermove", (moved) => {
      const at = moved.clientY;
      const before = lines().find((one) => {
        const box = one.getBoundingClientRect();
        return one !== line && at < box.top + box.height / 2;
      });
      if (before ? before.previousElementSibling !== line : list.lastElementChild !== line) list.insertBefore(line, before || null);
    });
    const end = () => {
      ends.abort();
      line.classList.remove("sb-dragged");
      tell(line);
    };
    during("pointerup", end);
    during("pointercancel", end);
  });
})();
