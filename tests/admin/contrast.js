/* Everything on the page whose contrast is too low (WCAG: 4.5 for text, 3 for icons), with its ratio. */
() => {
  const luminance = (colour) => {
    const [r, g, b] = colour.map((value) => {
      const part = value / 255;
      return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const parse = (text) => {
    const parts = text.match(/[\d.]+/g).map(Number);
    return parts.length < 4 ? [...parts, 1] : parts;
  };
  const over = (front, back) => [0, 1, 2].map((i) => front[i] * front[3] + back[i] * (1 - front[3]));
  const ground = (element) => {
    const layers = [];
    for (let each = element; each; each = each.parentElement) {
      const colour = parse(getComputedStyle(each).backgroundColor);
      if (colour[3] > 0) { layers.push(colour); }
      if (colour[3] >= 1) { break; }
    }
    return layers.reverse().reduce((below, colour) => over(colour, below), [255, 255, 255]);
  };
  const ratio = (colour, element) => {
    const back = ground(element);
    const [high, low] = [luminance(over(parse(colour), back)), luminance(back)].sort((a, b) => b - a);
    return (high + 0.05) / (low + 0.05);
  };
  const shows = (element) => {
    const box = element.getBoundingClientRect();
    const style = getComputedStyle(element);
    return box.width > 1 && box.height > 1 && style.visibility !== "hidden" && style.opacity !== "0";
  };
  const faults = {};
  const check = (name, colour, element, least) => {
    const found = ratio(colour, element);
    if (found < least) { faults[name] = found.toFixed(2); }
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    const text = walker.currentNode.textContent.trim();
    if (!text || /^(SCRIPT|STYLE|NOSCRIPT|OPTION)$/.test(element.tagName) || !shows(element)) { continue; }
    check(`${element.tagName}.${element.className}: ${text.slice(0, 30)}`, getComputedStyle(element).color, element, 4.5);
  }
  document.querySelectorAll("input, textarea, select").forEach((field) => {
    if (!shows(field)) { return; }
    check(`${field.tagName} ${field.name}`, getComputedStyle(field).color, field, 4.5);
    if (field.placeholder) { check(`placeholder ${field.name}`, getComputedStyle(field, "::placeholder").color, field, 4.5); }
  });
  document.querySelectorAll("i[class*=fa-]").forEach((icon) => {
    if (shows(icon)) { check(icon.className, getComputedStyle(icon).color, icon, 3); }
  });
  return faults;
}
