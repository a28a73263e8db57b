// A phone in the browser: shows a chat, sends what is typed or tapped, and looks for news by itself.

import { orderPanel, time } from "./phone-order.js";
import { element, rich } from "./phone-text.js";

const LOOK_EVERY = 1000;
const HIDDEN_LONGEST = 30000;
const SVG = "http://www.w3.org/2000/svg";

class Phone {
  constructor(root) {
    this.url = `${root.dataset.base}/messages`;
    this.csrf = root.dataset.csrf;
    this.showPlugins = "plugins" in root.dataset;
    this.words = root.querySelector("[data-words]").dataset;
    const part = (name) => root.querySelector(`[data-${name}]`);
    this.chat = part("chat");
    this.status = part("status");
    this.starts = part("starts");
    this.newer = part("newer");
    this.sheet = part("sheet");
    this.sheetList = part("sheet-list");
    this.form = part("write");
    this.box = this.form.elements.text;
    this.showOrder = orderPanel(document.querySelector("[data-order]"));
    this.shown = new Map();
    this.last = 0;
    this.wait = LOOK_EVERY;
    this.sending = Promise.resolve();
    this.unsent = 0;
    this.listen();
    this.look();
  }

  listen() {
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      const text = this.box.value.trim();
      if (text) this.send({ text }, text);
      this.box.value = "";
      this.fit();
      this.box.focus();
    });
    this.box.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
        event.preventDefault();
        this.form.requestSubmit();
      }
    });
    this.box.addEventListener("input", () => this.fit());
    for (const start of this.starts.children) {
      start.addEventListener("click", () => this.send({ text: start.textContent }, start.textContent));
    }
    this.newer.addEventListener("click", () => this.toEnd());
    this.chat.addEventListener("scroll", () => { if (this.atEnd()) this.newer.hidden = true; });
    this.sheet.addEventListener("click", (event) => {
      if (event.target === this.sheet || event.target.closest("[data-sheet-close]")) this.closeSheet();
    });
    this.sheet.addEventListener("keydown", (event) => { if (event.key === "Escape") this.closeSheet(); });
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) return;
      this.wait = LOOK_EVERY;
      clearTimeout(this.timer);
      this.look();
    });
  }

  fit() {
    this.box.style.height = "auto";
    this.box.style.height = `${Math.min(this.box.scrollHeight, 120)}px`;
  }

  // News: every second; ever more rarely while nobody looks or the server is away.
  async look() {
    if (this.looking) return;
    this.looking = true;
    try {
      if (!this.unsent) this.take(await this.ask(`${this.url}?after=${this.last}`));
      this.say("online");
      this.wait = document.hidden ? Math.min(this.wait * 2, HIDDEN_LONGEST) : LOOK_EVERY;
    } catch (problem) {
      if (problem.final) return;
      this.say("lost");
      this.wait = Math.min(this.wait * 2, HIDDEN_LONGEST / 2);
    } finally {
      this.looking = false;
    }
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.look(), this.wait);
  }

  async ask(url, options) {
    const answer = await fetch(url, { headers: { Accept: "application/json" }, ...options });
    if (answer.ok) return answer.json();
    const problem = new Error(`answered ${answer.status}`);
    // Signed out, or the page's own key is too old: asking again would not help.
    problem.final = [400, 401, 403, 404].includes(answer.status);
    if (problem.final) this.tellOld();
    throw problem;
  }

  // What is sent goes one after the other; the bubble is there at once, with a clock.
  send(fields, words) {
    const bubble = this.bubble({ mine: true, text: words, state: "sending", at: new Date().toISOString() });
    this.starts.hidden = true;
    this.chat.append(bubble);
    this.toEnd();
    this.unsent += 1;
    this.say("typing");
    this.sending = this.sending.then(() => this.post(fields, words, bubble));
  }

  async post(fields, words, bubble) {
    try {
      const body = new URLSearchParams({ ...fields, after: this.last, csrf_token: this.csrf });
      const answer = await this.ask(this.url, { method: "POST", body });
      bubble.remove();
      this.unsent -= 1;
      this.take(answer);
      this.say(this.unsent ? "typing" : "online");
    } catch {
      this.unsent -= 1;
      this.say("lost");
      const again = element("button", "again", this.words.failed);
      again.type = "button";
      again.addEventListener("click", () => { bubble.remove(); this.send(fields, words); });
      bubble.append(again);
    }
  }

  take(answer) {
    const stay = !this.atEnd();
    let fresh = false;
    // What came later is asked for again until the server says that nothing before it is missing.
    this.last = answer.cursor;
    for (const message of answer.messages) {
      if (this.shown.has(message.id)) continue;
      this.shown.set(message.id, message);
      if (message.choices.length) this.forgetPicks();
      this.day(message.at);
      this.chat.insertBefore(this.bubble(message), this.firstUnsent());
      fresh = true;
    }
    this.starts.hidden = this.shown.size + this.unsent > 0;
    this.showOrder(answer.order, this.shown.size > 0);
    if ("state" in answer) document.dispatchEvent(new CustomEvent("phone-state", { detail: answer.state }));
    if (!fresh) return;
    if (stay) this.newer.hidden = false;
    else this.toEnd();
  }

  firstUnsent() {
    return this.chat.querySelector(".sending");
  }

  day(at) {
    const day = new Date(at).toDateString();
    if (day === this.lastDay) return;
    this.lastDay = day;
    const words = day === new Date().toDateString() ? this.words.today : new Date(at).toLocaleDateString();
    this.chat.insertBefore(element("div", "day", words), this.firstUnsent());
  }

  bubble(message) {
    const made = element("div", `bubble ${message.mine ? "me" : "them"}`);
    if (message.state === "sending") made.classList.add("sending");
    if (message.media_url) made.append(this.media(message));
    const numbers = !message.mine && message.style === "numbers" && message.choices.length > 0;
    if (message.text) {
      const text = element("div", "text");
      text.dir = "auto";
      text.append(rich(message.text, numbers ? (number) => this.pick(number) : null));
      made.append(text);
    }
    const at = element("time", "", time(message.at));
    at.dateTime = message.at;
    const meta = element("span", "meta", at);
    if (this.showPlugins && message.about) made.append(element("span", "about", message.about));
    if (message.mine) meta.append(this.ticks(message.state));
    made.append(meta);
    if (!message.mine && message.style !== "numbers" && message.choices?.length) made.append(this.taps(message));
    return made;
  }

  media(message) {
    const isPicture = (message.media_type || "").startsWith("image");
    if (!isPicture) {
      const link = element("a", "file", this.words.file);
      link.href = message.media_url;
      link.target = "_blank";
      link.rel = "noopener noreferrer";
      return link;
    }
    const picture = element("img", "picture");
    picture.src = message.media_url;
    picture.alt = this.words.picture;
    picture.width = picture.height = 400;
    return picture;
  }

  // A second tap while the answer is on its way would pick from the list that comes next.
  pick(number) {
    if (!this.unsent) this.send({ text: number }, number);
  }

  // Old numbered lines are words only: a number always means the choices shown last.
  forgetPicks() {
    for (const pick of this.chat.querySelectorAll("button.pick")) {
      const words = element("span", "");
      words.append(...pick.childNodes);
      pick.replaceWith(words);
    }
  }

  taps(message) {
    const taps = element("div", "taps");
    const tap = (choice) => {
      this.closeSheet();
      if (!this.unsent) this.send({ choice: choice.id, text: choice.title }, choice.title);
    };
    const button = (words, action) => {
      const made = element("button", "", words);
      made.type = "button";
      made.addEventListener("click", action);
      return made;
    };
    if (message.style === "list") {
      taps.append(button(`☰ ${this.words.choose}`, (event) => this.openSheet(message, tap, event.target)));
    } else {
      taps.append(...message.choices.map((choice) => button(choice.title, () => tap(choice))));
    }
    return taps;
  }

  openSheet(message, tap, opener) {
    this.opener = opener;
    this.sheetList.replaceChildren(...message.choices.map((choice) => {
      const row = element("button", "", element("strong", "", choice.title));
      if (choice.detail) row.append(element("span", "", choice.detail));
      row.type = "button";
      row.addEventListener("click", () => tap(choice));
      return element("li", "", row);
    }));
    this.sheet.hidden = false;
    this.sheetList.querySelector("button").focus();
  }

  closeSheet() {
    if (this.sheet.hidden) return;
    this.sheet.hidden = true;
    this.opener?.focus();
  }

  ticks(state) {
    const sending = state === "sending";
    const made = document.createElementNS(SVG, "svg");
    made.setAttribute("viewBox", "0 0 20 12");
    made.setAttribute("class", `ticks ${sending ? "" : "read"}`);
    made.setAttribute("role", "img");
    made.setAttribute("aria-label", sending ? this.words.waiting : this.words.read);
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", sending ? "M10 1a5 5 0 1 0 .01 0M10 3.500V6l2 1.500" : "M1 6.500 4.500 10 12 2M8 8.500 9.500 10 17.500 2");
    made.append(path);
    return made;
  }

  say(what) {
    if (this.over) return;
    this.status.textContent = this.status.dataset[what];
    this.status.classList.toggle("typing", what === "typing");
    const dots = this.chat.querySelector(".dots");
    if (what === "typing" && !dots) {
      const made = element("div", "bubble them dots", element("i"), element("i"), element("i"));
      made.setAttribute("aria-hidden", "true");
      this.chat.append(made);
      this.toEnd();
    } else if (what === "typing") this.chat.append(dots);
    else dots?.remove();
  }

  tellOld() {
    this.say("online");
    this.over = true;
    this.status.textContent = this.words.old;
  }

  atEnd() {
    return this.chat.scrollHeight - this.chat.scrollTop - this.chat.clientHeight < 60;
  }

  toEnd() {
    this.chat.scrollTop = this.chat.scrollHeight;
    this.newer.hidden = true;
  }
}

for (const root of document.querySelectorAll("[data-phone]")) new Phone(root);
