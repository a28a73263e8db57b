"""The cart: puts things in, holds them, and leads to the page where they are paid."""

from __future__ import annotations

import re
from dataclasses import replace
from textwrap import shorten
from typing import Any

from salesbot import (
    Chat,
    Choice,
    Message,
    Order,
    Reply,
    hookimpl,
    is_row_id,
    menu_items,
    show_money,
    translator,
)
from salesbot.fulfilment import CouponRefused, NotForSale, OutOfStock
from salesbot.services import catalog, coupons, hours, links, orders, payments, shop
from salesbot_checkout.cart import Cart

_ = translator(__name__)

MOST = 100
LONGEST_ABOUT = 600


@hookimpl
def salesbot_menu_items(chat: Chat) -> Choice | None:
    """The cart, while something is in it."""
    return Choice("cart", _("My cart")) if chat.data and Cart(chat).items else None


@hookimpl(tryfirst=True, specname="salesbot_handle_message")
def coupon_typed(message: Message, chat: Chat) -> Reply | list[Reply] | None:
    """A coupon's code counts in any state of the cart, before anybody searches for the word."""
    if chat.question is not None or not coupons.is_code(message.text):
        return None
    return _coupon(chat, message.text)


@hookimpl
def salesbot_handle_message(message: Message, chat: Chat) -> Reply | list[Reply] | None:
    """Answers buying, how many, and the cart."""
    if chat.question is not None and chat.question.startswith("several:") and message.text:
        return _several(chat, int(chat.question.partition(":")[2]), message.text)
    owner, _colon, rest = (message.choice or "").partition(":")
    if owner == "buy" and is_row_id(rest):
        return _buy(chat, int(rest), 1)
    if owner == "buy" and rest.endswith(":link") and is_row_id(rest[:-5]):
        return _from_link(chat, int(rest[:-5]))
    if message.choice == "cart":
        return _cart(chat)
    if owner != "checkout":
        return None
    action, _colon, number = rest.partition(":")
    if action == "several" and is_row_id(number):
        return _ask_how_many(int(number))
    if action == "remove" and is_row_id(number):
        return _change(chat, int(number))
    if action == "more":
        Cart(chat).go_on()
        return Reply(_("What else would you like?"), menu_items(chat))
    if action == "empty":
        Cart(chat).empty()
        return Reply(_("Your cart is empty now."), [Choice("menu", _("Menu"))])
    return None


def _ask_how_many(product_id: int) -> Reply | None:
    item = catalog.item(product_id)
    if item is None:
        return None
    return Reply(
        _("How many *{title}* would you like? Write a number.").format(title=item.title),
        [Choice("menu", _("Menu"))],
        ask=f"several:{product_id}",
    )


def _several(chat: Chat, product_id: int, text: str) -> Reply | list[Reply] | None:
    if coupons.is_code(text):
        Cart(chat).coupon = coupons.normal(text)
        return _ask_how_many(product_id)
    match = re.search(r"\d{1,6}", text)
    if match is None:
        return Reply(
            _("Please write just a number, like 2."),
            [Choice("menu", _("Menu"))],
            ask=f"several:{product_id}",
        )
    count = int(match[0])
    if not 1 <= count <= MOST:
        return Reply(
            _("Please write a number from 1 to {most}.").format(most=MOST),
            [Choice("menu", _("Menu"))],
            ask=f"several:{product_id}",
        )
    return _buy(chat, product_id, count)


def _buy(chat: Chat, product_id: int, count: int, *, by_link: bool = False) -> Reply | list[Reply] | None:
    item = catalog.item(product_id)
    if item is None:
        return None
    cart = Cart(chat)
    before, order = dict(cart.items), cart.open_order()
    if order is not None and order.tentative and not cart.goes_on:
        cart.items = {}  # it was only looked at
    cart.add(product_id, count)
    # Whoever came by a link may only want to look; whoever has an order that they mean, goes on with it.
    return _placed(chat, cart, before, tentative=by_link and (order is None or order.tentative))


def _from_link(chat: Chat, product_id: int) -> Reply | list[Reply] | None:
    """What somebody has come for by a link: what it is and how to pay for it, in one message."""
    item = catalog.item(product_id)
    if item is None:
        return None
    about = shorten(item.summary or item.description, LONGEST_ABOUT, placeholder=" …")
    bought = _buy(chat, product_id, 1, by_link=True)
    if not isinstance(bought, Reply):
        return bought
    shown = _with_words(f"*{item.title}*" + (f"\n{about}" if about else ""), bought)
    cover = None if shop.setting("BUTTONS") else links.cover_url(item.cover)
    return replace(shown, media_url=cover) if isinstance(shown, Reply) else shown


def _change(chat: Chat, product_id: int) -> Reply | list[Reply] | None:
    cart = Cart(chat)
    before = dict(cart.items)
    cart.remove(product_id)
    if not cart.items:
        cart.empty()
        return Reply(_("Your cart is empty now."), [Choice("menu", _("Menu"))])
    return _placed(chat, cart, before)


def _cart(chat: Chat) -> Reply | list[Reply] | None:
    cart = Cart(chat)
    if not cart.items:
        return Reply(_("Your cart is empty."), [Choice("menu", _("Menu"))])
    order = cart.open_order()
    if order is None:
        return _placed(chat, cart, dict(cart.items))
    return _pay(order, chat.language)


def _coupon(chat: Chat, text: str) -> Reply | list[Reply]:
    cart = Cart(chat)
    before, cart.coupon = cart.coupon, coupons.normal(text)
    if cart.items:
        return _placed(chat, cart, dict(cart.items), coupon_before=before)
    return Reply(
        _("I have noted your code {code}. It counts with your next order.").format(code=cart.coupon),
        [Choice("menu", _("Menu"))],
    )


def _placed(
    chat: Chat,
    cart: Cart,
    before: dict[int, int],
    *,
    coupon_before: str | None = None,
    tentative: bool = False,
) -> Reply | list[Reply]:
    """Places the cart as an order, or says kindly why it cannot be; then the cart is as `before`.

    While the shop is closed, what was chosen stays in a cart that is no order yet.
    """
    if not hours.sells_now():
        if cart.open_order() is not None:
            cart.items = before
        return _closed()
    try:
        order = cart.place(tentative=tentative)
    except OutOfStock as exc:
        cart.items = before
        return _too_few(exc, before)
    except CouponRefused as exc:
        code, cart.coupon = cart.coupon, coupon_before
        if coupon_before == code:
            cart.coupon = None
        without = _placed(chat, cart, before, tentative=tentative)
        return _with_words(_why_refused(exc, code or ""), without)
    except NotForSale:
        cart.forget_what_is_gone()
        return Reply(
            _("I am sorry, that is not for sale any more. Have a look at what else there is."),
            [Choice("menu", _("Menu"))],
        )
    if order.paid_at is not None:
        cart.forget()
        return []
    return _pay(order, chat.language)


def _closed() -> Reply:
    text = _("We are closed right now. We are open: {hours}. Your cart stays as it is until then.")
    return Reply(
        text.format(hours=hours.shown()), [Choice("orders", _("My orders")), Choice("menu", _("Menu"))]
    )


def _why_refused(exc: CouponRefused, code: str) -> str:
    sentences = {
        "not now": _("The code {code} does not count today."),
        "used up": _("The code {code} is used up."),
        "nothing": _("The code {code} is not for what is in your cart."),
    }
    return sentences.get(exc.reason, _("I do not know the code {code}.")).format(code=code)


def _with_words(words: str, reply: Reply | list[Reply]) -> Reply | list[Reply]:
    if not isinstance(reply, Reply):
        return [Reply(words), *reply]
    return replace(reply, text=f"{words}\n\n{reply.text}")


def _too_few(exc: OutOfStock, before: dict[int, int]) -> Reply:
    if exc.left == 0:
        text = _("I am sorry, *{title}* is sold out.").format(title=exc.title)
    else:
        text = _("I am sorry, only {count} of *{title}* are left.").format(count=exc.left, title=exc.title)
    choices = [Choice("cart", _("My cart"))] if before else []
    return Reply(text, [*choices, Choice("menu", _("Menu"))])


def _pay(order: Any, language: str) -> Reply:
    """The pay link of an open order, with what is in it."""
    lines = "\n".join(
        f"{line.quantity} × {line.title} – {show_money(line.amount, order.currency, language)}"
        for line in order.lines
    )
    if order.discount:
        off = show_money(order.discount, order.currency, language)
        lines += "\n" + _("Code {code}: −{amount}").format(code=order.coupon.code, amount=off)
    total = show_money(order.total, order.currency, language)
    text = _("Your order:\n{lines}\n\nTotal: *{total}*\n\nPay here: {link}").format(
        lines=lines, total=total, link=links.pay_url(order.id)
    )
    remove = [
        Choice(f"checkout:remove:{line.product_id}", _("Remove {title}").format(title=line.title))
        for line in order.lines
    ]
    more = Choice("checkout:more" if order.tentative else "menu", _("Add something else"))
    if len(remove) == 1:
        return Reply(text, [more, Choice("checkout:empty", _("Cancel"))])
    return Reply(text, [more, *remove, Choice("checkout:empty", _("Cancel all"))])


@hookimpl
def salesbot_order_changed(order: Order, old: str, new: str) -> Reply | None:
    """Says once that an unpaid order is over, and offers it again."""
    if new != "expired":
        return None
    first = order.lines[0].product.id
    if not payments.has_come_for(order.id) and orders.was_reminded(order.id):
        return None  # the reminder has said so: one message about a cart that was left is enough
    if payments.has_come_for(order.id):
        text = _("Your order {number} was not paid in full in time, so I let it go.")
    else:
        text = _("Your order {number} was not paid in time, so I let it go. Nothing was charged.")
    return Reply(
        text.format(number=order.number),
        [Choice(f"product:{first}", _("Look at it again")), Choice("menu", _("Menu"))],
    )
