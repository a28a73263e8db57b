// Turns a message's text into elements: bold, italic, struck, mono, links, and lines to tap.
// Nothing a person wrote is ever read as HTML: only text nodes are made of it.

// A link may end with _ or -: signed addresses do. It does not end with a sentence's full stop.
const LINK = /https?:\/\/[^\s<>"]*[^\s<>".,!?;:'()[\]{}*~]/g;
const MARKS = { "*": "strong", _: "em", "~": "s" };
const MARKED = /(^|[^\p{L}\p{N}])([*_~])(\S|\S.*?\S)\2(?![\p{L}\p{N}])/su;
const NUMBERED = /^(\d{1,3})\. (.+)$/;

function element(tag, className, ...children) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

function styled(text) {
  const found = MARKED.exec(text);
  if (!found) return [text];
  const start = found.index + found[1].length;
  const end = found.index + found[0].length;
  return [
    text.slice(0, start),
    element(MARKS[found[2]], "", ...styled(found[3])),
    ...styled(text.slice(end)),
  ].filter((part) => part !== "");
}

function line(text) {
  const parts = [];
  let from = 0;
  for (const found of text.matchAll(LINK)) {
    parts.push(...styled(text.slice(from, found.index)));
    const link = element("a", "", found[0]);
    link.href = found[0];
    link.target = "_blank";
    link.rel = "noopener noreferrer";
    parts.push(link);
    from = found.index + found[0].length;
  }
  parts.push(...styled(text.slice(from)));
  return parts;
}

// `pick` is called with the number of a line "3. Title" that was tapped; without it lines are text.
export function rich(text, pick) {
  const out = document.createDocumentFragment();
  text.split("```").forEach((part, i, all) => {
    if (i % 2 && i < all.length - 1) {
      out.append(element("code", "mono", part.replace(/^\n|\n$/g, "")));
      return;
    }
    const unclosed = i % 2 ? "```" : "";
    (unclosed + part).split("\n").forEach((words, number) => {
      if (number) out.append("\n");
      const numbered = pick && NUMBERED.exec(words);
      if (!numbered) {
        out.append(...line(words));
        return;
      }
      const button = element(
        "button", "pick", element("b", "", `${numbered[1]}.`), " ", ...line(numbered[2]),
      );
      button.type = "button";
      button.addEventListener("click", () => pick(numbered[1]));
      out.append(button);
    });
  });
  return out;
}

export { element };
