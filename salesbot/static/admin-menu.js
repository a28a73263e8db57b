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
    grip.setPointerCapture(event.pointerId);
    const move = (moved) => {
      const over = lines().find((one) => one !== line && moved.clientY > one.getBoundingClientRect().top && moved.clientY < one.getBoundingClientRect().bottom);
      if (!over) return;
      const box = over.getBoundingClientRect();
      if (moved.clientY < box.top + box.height / 2) over.before(line);
      else over.after(line);
    };
    const end = () => {
      line.classList.remove("sb-dragged");
      grip.removeEventListener("pointermove", move);
      tell(line);
    };
    grip.addEventListener("pointermove", move);
    grip.addEventListener("lostpointercapture", end, { once: true });
  });
})();
