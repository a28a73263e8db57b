// The order beside the phone: how far it is, what is in it, and what happened.

import { element } from "./phone-text.js";

const STEPS = { asked: 0, pending: 1, paid: 2, fulfilled: 4, expired: 1, cancelled: 1 };

export function time(iso) {
  return new Date(iso).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
}

export function orderPanel(root) {
  if (!root) return () => {};
  const part = (name) => root.querySelector(`[data-order-${name}]`);
  let shown = "";
  // `order` is the answer's order, or null; `chatting` says that something has been written.
  return (order, chatting) => {
    const now = JSON.stringify([order, chatting]);
    if (now === shown) return;
    shown = now;
    const reached = order ? STEPS[order.state] : chatting ? 0 : -1;
    const ended = order && ["expired", "cancelled"].includes(order.state);
    [...part("steps").children].forEach((step, i) => {
      step.className = i < reached ? "done" : i === reached ? (ended ? "ended" : "now") : "";
      if (i === reached) step.setAttribute("aria-current", "step");
      else step.removeAttribute("aria-current");
    });
    part("empty").hidden = Boolean(order);
    part("body").hidden = !order;
    part("state").hidden = !order;
    part("number").textContent = order ? order.number : "";
    if (order) fill(part, order, ended);
  };
}

function fill(part, order, ended) {
  part("state").textContent = order.state_label;
  part("state").className = `live-state ${ended ? "ended" : order.state}`;
  part("total").textContent = order.total;
  part("pay").hidden = order.state !== "pending";
  part("pay").href = order.pay_url;
  part("lines").replaceChildren(...order.lines.map((line) => element(
    "li", "",
    element("span", "", line.quantity > 1 ? `${line.quantity} × ${line.title}` : line.title),
    element("span", "amount", line.amount),
  )));
  part("deliveries").replaceChildren(...order.deliveries.map((delivery) => {
    const link = element("a", "", delivery.title);
    link.href = delivery.url;
    link.target = "_blank";
    link.rel = "noopener";
    return link;
  }));
  part("timeline").replaceChildren(...order.timeline.map((event) => {
    const at = element("time", "", time(event.at));
    at.dateTime = event.at;
    return element("li", "", at, element("span", "", event.text));
  }));
}
