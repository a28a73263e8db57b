"""How the shop goes: money, orders and chats over time, how far people get, and what they look for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Interval,
    Select,
    case,
    func,
    literal,
    literal_column,
    or_,
    select,
    text,
    union_all,
)
from sqlalchemy.orm import InstrumentedAttribute, aliased

from salesbot import clock
from salesbot.admin.home.figures import AnyRow, AnySelect
from salesbot.admin.sales import takings
from salesbot.admin.shown import reader
from salesbot.database import db
from salesbot.models import Conversation, Delivery, Message, Order, OrderLine, Payment, Refund
from salesbot.models.conversations import NOT_FOUND, PICKS

PERIODS = (1, 7, 30)
"""Days back from now; the first are the last 24 hours."""
SHOWN = 5
FEWEST_LETTERS = 2


@dataclass(frozen=True)
class Figures:
    """One period. `money` is what came in less what was given back, in minor units by currency."""

    days: int
    money: dict[str, int]
    orders: int
    paid: int
    people: int


@dataclass(frozen=True)
class Day:
    """A day of whoever looks: `money` as in `Figures`, of one currency, and orders paid."""

    day: date
    money: int
    paid: int


@dataclass(frozen=True)
class Step:
    """How many chats came as far as this."""

    name: str
    chats: int


def periods() -> list[Figures]:
    """The figures of each period, in five statements however many there are."""
    came = _sums(Payment.amount, Payment.confirmed_at, Payment.currency, takings.CAME)
    went = _sums(Refund.amount, Refund.done_at, Refund.currency, takings.WENT)
    orders, paid = _counts(Order.created_at), _counts(Order.paid_at)
    people = _counts(Conversation.last_inbound_at)
    found = []
    for number, days in enumerate(PERIODS):
        money = {currency: sums[number] for currency, sums in came.items() if sums[number]}
        for currency, sums in went.items():
            if sums[number]:
                money[currency] = money.get(currency, 0) - sums[number]
        found.append(Figures(days, money, orders[number], paid[number], people[number]))
    return found


def _since(days: int) -> datetime:
    return clock.now() - timedelta(days=days)


def _counts(moment: InstrumentedAttribute[Any]) -> Sequence[int]:
    """Rows with this moment in each period."""
    columns = [func.count(case((moment > _since(days), 1))) for days in PERIODS]
    return tuple(db.session.execute(select(*columns).where(moment > _since(PERIODS[-1]))).one())


def _sums(
    amount: InstrumentedAttribute[int],
    moment: InstrumentedAttribute[Any],
    currency: InstrumentedAttribute[str],
    counted: ColumnElement[bool],
) -> dict[str, Sequence[int]]:
    """The sum of `amount` in each period, by currency."""
    columns = [func.coalesce(func.sum(case((moment > _since(days), amount))), 0) for days in PERIODS]
    statement = select(currency, *columns).where(counted, moment > _since(PERIODS[-1])).group_by(currency)
    return {row[0]: [int(value) for value in row[1:]] for row in db.session.execute(statement)}


def by_day(currency: str, days: int = PERIODS[-1]) -> list[Day]:
    """Each of the last `days` days, today last; what went back is taken off on the day when it went."""
    since = reader.today() - timedelta(days=days - 1)
    first = since.date()
    came = (takings.CAME, Payment.currency == currency)
    went = (takings.WENT, Refund.currency == currency)
    money = _by_day(Payment.confirmed_at, func.sum(Payment.amount), since, *came)
    back = _by_day(Refund.done_at, func.sum(Refund.amount), since, *went)
    paid = _by_day(Order.paid_at, func.count(Order.id), since)
    return [
        Day(day, money.get(day, 0) - back.get(day, 0), paid.get(day, 0))
        for day in (first + timedelta(days=number) for number in range(days))
    ]


def _by_day(moment: InstrumentedAttribute[Any], what: Any, since: datetime, *where: Any) -> dict[date, int]:
    found: Counter[date] = Counter()
    # Twice a year the clock is put forward or back, and what came before that is read by the old one.
    for begin, end, offset in reader.by_offset(since):
        day = _date(moment, offset)
        rows = select(day, what).where(moment >= begin, moment < end, *where).group_by(day)
        found.update({date.fromisoformat(str(when)): int(value) for when, value in db.session.execute(rows)})
    return found


def _date(moment: InstrumentedAttribute[Any], offset: timedelta) -> Any:
    """The day of a moment on a clock that is `offset` before UTC's."""
    if db.session.connection().dialect.name == "sqlite":
        return func.date(moment, f"{round(offset.total_seconds() / 60):+d} minutes")
    return func.date(moment + literal(offset, Interval))


def funnel(days: int = PERIODS[-1]) -> list[Step]:
    """How far the chats came: who wrote, and of these orders who paid, got and downloaded something.

    Orders are those that were placed in the period. A product counts as seen when it was picked or
    put into a cart: a search that finds one thing alone shows it without a pick.
    """
    since = _since(days)
    wrote = select(func.count(Conversation.id)).where(Conversation.last_inbound_at > since)
    seen, carts = db.session.execute(_looked(since)).one()
    opened, paid, delivered, downloaded = db.session.execute(_bought(Order.created_at > since)).one()
    return [
        Step("wrote", db.session.scalar(wrote) or 0),
        Step("saw", seen),
        Step("cart", carts),
        Step("opened", opened or 0),
        Step("paid", paid or 0),
        Step("delivered", delivered or 0),
        Step("downloaded", downloaded or 0),
    ]


def _looked(since: datetime) -> Select[int, int]:
    """How many chats saw a product, and how many put one into the cart."""
    in_cart = _flag(Message.choice.like("buy:%"))
    picks = select(Message.conversation_id.label("chat"), in_cart.label("cart")).where(
        text(PICKS), Message.created_at > since
    )
    placed: AnySelect = select(Order.conversation_id, literal_column("1")).where(Order.created_at > since)
    either = union_all(picks, placed).subquery()
    chats = select(func.max(either.c.cart).label("cart")).group_by(either.c.chat).subquery()
    return select(func.count(), func.coalesce(func.sum(chats.c.cart), 0)).select_from(chats)


def _bought(placed: ColumnElement[bool]) -> Select[Any]:
    """How many chats with such orders opened the page to pay, paid, got and downloaded something."""
    order = _first_order(placed)
    line = _first_line(order)
    paid = Order.paid_at.is_not(None)
    # Not by the index on the state, which would be read anew for each order.
    delivered = func.coalesce(Delivery.state, "") == "delivered"
    steps = (or_(Order.opened_at.is_not(None), paid), paid, paid & delivered, paid & (Delivery.downloads > 0))
    # As an expression, or SQLite would read all orders there are, chat by chat.
    chat = Order.conversation_id + 0
    chats = (
        select(*(func.max(_flag(step)).label(f"step_{n}") for n, step in enumerate(steps)))
        .select_from(Order)
        .outerjoin(OrderLine, (OrderLine.order_id == Order.id) & (OrderLine.order_id >= order))
        .outerjoin(Delivery, (Delivery.line_id == OrderLine.id) & (Delivery.line_id >= line))
        .where(placed)
        .group_by(chat)
        .subquery()
    )
    return select(*(func.sum(column) for column in chats.c))


def _first_order(orders: ColumnElement[bool]) -> int:
    """The smallest number of such an order, 0 without any.

    It changes no figure: a database that knows it need not read what was sold years ago.
    """
    # As an expression, or PostgreSQL would pass over all older orders one by one.
    return db.session.scalar(select(func.min(Order.id + 0)).where(orders)) or 0


def _first_line(order: int) -> int:
    """The smallest number of a line of this order or a later one."""
    return db.session.scalar(select(func.min(OrderLine.id + 0)).where(OrderLine.order_id >= order)) or 0


def _flag(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return case((condition, 1), else_=0)


def best_sellers(days: int = PERIODS[-1]) -> Sequence[AnyRow]:
    """What was paid for most: the product's id and title, how many, and for how much, by currency."""
    paid = Order.paid_at > _since(days)
    # As an expression, or SQLite would read all lines there are in the order of their products.
    product = OrderLine.product_id + 0
    return db.session.execute(
        select(
            product.label("id"),
            func.max(OrderLine.title).label("title"),
            func.sum(OrderLine.quantity).label("sold"),
            func.sum(OrderLine.amount - OrderLine.discount).label("money"),
            Order.currency,
        )
        .join(Order, Order.id == OrderLine.order_id)
        .where(paid, OrderLine.order_id >= _first_order(paid))
        .group_by(product, Order.currency)
        .order_by(func.sum(OrderLine.quantity).desc(), product)
        .limit(SHOWN)
    ).all()


def not_found(days: int = PERIODS[-1]) -> Sequence[AnyRow]:
    """Words that people typed and that the shop had no answer for: the words and how often."""
    question = aliased(Message)
    words = func.lower(func.trim(question.body))
    return db.session.execute(
        select(words.label("words"), func.count().label("times"))
        .select_from(Message)
        .join(question, question.id == Message.reply_to_id)
        .where(
            text(f"message.{NOT_FOUND}"),
            Message.created_at > _since(days),
            question.choice.is_(None),
            func.length(words) >= FEWEST_LETTERS,
        )
        .group_by(words)
        .order_by(func.count().desc(), words)
        .limit(SHOWN)
    ).all()
