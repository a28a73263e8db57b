// Shows a message as the bot would say it, before anything is saved.
import { element, rich } from "./phone-text.js";

const dialog = document.querySelector("[data-preview-dialog]");
const chat = dialog.querySelector("[data-preview-chat]");
const about = dialog.querySelector("[data-preview-about]");

function bubble(message) {
  const made = element("div", "bubble them");
  if (message.media_url) {
    const picture = element("img", "picture");
    picture.src = message.media_url;
    picture.alt = "";
    made.append(picture);
  }
  const text = element("div", "text");
  text.dir = "auto";
  text.append(rich(message.text, null));
  made.append(text);
  if (message.style === "numbers" || !message.choices.length) return made;
  const titles = message.style === "list" ? [`☰ ${dialog.dataset.choose}`] : message.choices.map((choice) => choice.title);
  made.append(element("div", "taps", ...titles.map((title) => element("span", "", title))));
  return made;
}

// A button names where to ask, what to send with it, and the box whose text is tried; without a box, its form.
async function show(button) {
  const body = button.dataset.from ? new URLSearchParams(JSON.parse(button.dataset.fields)) : new URLSearchParams(new FormData(button.form));
  if (button.dataset.from) body.set("text", document.getElementById(button.dataset.from).value);
  else for (const [name, value] of Object.entries(JSON.parse(button.dataset.fields || "{}"))) body.set(name, value);
  body.set("csrf_token", dialog.dataset.csrf);
  button.disabled = true;
  let answer;
  try {
    const reply = await fetch(button.dataset.preview, { method: "POST", body, headers: { Accept: "application/json" } });
    answer = reply.ok ? await reply.json() : { problem: dialog.dataset.lost };
  } catch {
    answer = { problem: dialog.dataset.lost };
  } finally {
    button.disabled = false;
  }
  chat.replaceChildren(...(answer.message ? [bubble(answer.message)] : []));
  about.textContent = answer.problem || answer.about || "";
  about.classList.toggle("sb-field-error", Boolean(answer.problem));
  dialog.showModal();
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-preview]");
  if (!button) return;
  event.preventDefault();
  show(button);
});
dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
