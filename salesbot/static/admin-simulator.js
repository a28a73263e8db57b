// What goes on inside the simulated chat, as the phone hears of it.

const page = document.documentElement;
const panel = document.querySelector("[data-inside]");
const part = (name) => panel.querySelector(`[data-state="${name}"]`);

function show(state) {
  panel.hidden = !state;
  if (!state) return;
  const answered = part("answered").dataset;
  const person = state.waits_for_person ? answered.waits : answered.person;
  part("answered").textContent = state.answered_by === "bot" ? answered.bot : person;
  part("question").textContent = state.question ? `${state.question} (${state.question_plugin})` : part("question").dataset.none;
  part("offered").textContent = state.offered.map((title, at) => `${at + 1}. ${title}`).join(", ") || part("offered").dataset.none;
  const words = part("window").dataset;
  const ends = state.window_ends ? new Date(state.window_ends).toLocaleString(page.lang, { dateStyle: "medium", timeStyle: "short", timeZone: page.dataset.zone }) : "";
  part("window").textContent = state.window_open ? `${words.open} ${ends}` : words.closed;
  part("waiting").textContent = state.waiting.join(", ") || part("waiting").dataset.none;
  part("language").textContent = state.stopped ? `${state.language}, ${part("language").dataset.stopped}` : state.language;
  part("notes").textContent = JSON.stringify(state.notes, null, 2);
  const link = panel.querySelector("[data-chat-link]");
  link.href = link.dataset.chatLink.replace(/id=0\b/, `id=${state.conversation}`);
}

document.addEventListener("phone-state", (event) => show(event.detail));
