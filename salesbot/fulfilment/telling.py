"""What a buyer reads about their goods, in the chat; keys stand in it as marks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import func, select

from salesbot import money
from salesbot.database import db
from salesbot.messages import Choice, Reply
from salesbot.models import Delivery, Order, OrderLine, Product
from salesbot.models.deliveries import OPEN_STATES
from salesbot.services import catalog, delivery_texts, links
from salesbot.services.secrets_in_text import mark
from salesbot.texts import translator

_ = translator("salesbot")


def open_units(order_id: int) -> int:
    """How many units of an order are paid and not delivered yet."""
    return (
        db.session.scalar(
            select(func.count(Delivery.id))
            .join(OrderLine, OrderLine.id == Delivery.line_id)
            .where(OrderLine.order_id == order_id, Delivery.state.in_((*OPEN_STATES, "failed")))
        )
        or 0
    )


def reply_about(order: Order, ready: Sequence[Delivery], *, still_open: int) -> Reply:
    """The message that hands units over, and says when something is still to come."""
    if ready:
        first = _("Thank you! Here is your order {number}:").format(number=order.number)
    else:
        first = _("Thank you! Your money for order {number} is here.").format(number=order.number)
    paragraphs = [first, *goods(ready)]
    if still_open:
        paragraphs.append(_("The rest takes a moment. It comes to this chat by itself."))
    return Reply("\n\n".join(paragraphs), ways_on())


def reminder(order: Order) -> Reply:
    """The one reminder of an unpaid order."""
    total = money.show(order.total, order.currency, order.customer.language)
    text = _("Your order {number} for {total} is still waiting. Soon I must let it go. Pay here: {link}")
    way_out = _('If you want no reminders, write "stop".')
    return Reply(
        f"{text.format(number=order.number, total=total, link=links.pay_url(order.id))}\n\n{way_out}",
        [Choice("cart", _("My cart")), Choice("menu", _("Menu"))],
    )


def back_in_stock(product: Product) -> Reply:
    """What somebody reads who waited for a product."""
    text = _("Good news: *{title}* is back.").format(title=catalog.title_of(product))
    return Reply(text, [Choice(f"product:{product.id}", _("Look at it")), Choice("menu", _("Menu"))])


def ways_on() -> list[Choice]:
    """The lines under what the shop says about an order."""
    return [Choice("orders", _("My orders")), Choice("menu", _("Menu"))]


def goods(units: Iterable[Delivery]) -> list[str]:
    """A paragraph for each product among delivered units."""
    by_line: dict[OrderLine, list[Delivery]] = {}
    for unit in units:
        by_line.setdefault(unit.line, []).append(unit)
    return [_paragraph(line, found) for line, found in by_line.items()]


def _paragraph(line: OrderLine, units: list[Delivery]) -> str:
    """What a line delivered, in the seller's words where there are any, and what these leave out."""
    keys = [mark(unit.id) for unit in units if line.kind == "key" or unit.secret is not None]
    open_at = list(dict.fromkeys(links.absolute(unit.link) for unit in units if unit.link))
    load_at = [links.delivery_url(line.id)] if any(unit.file for unit in units) else []
    own = delivery_texts.for_line(line, keys=keys, addresses=[*open_at, *load_at])
    used = delivery_texts.places(line.product.delivery_text)
    rows = [own or f"*{line.title}*"]
    if keys and "key" not in used:
        rows.append(_("Your key:") if len(keys) == 1 else _("Your keys:"))
        rows += keys
    rows += list(dict.fromkeys(unit.text for unit in units if unit.text))
    if "link" not in used:
        rows += [_("Open it here: {link}").format(link=link) for link in open_at]
        rows += [_("Download it here: {link}").format(link=link) for link in load_at]
    return "\n".join(rows)
