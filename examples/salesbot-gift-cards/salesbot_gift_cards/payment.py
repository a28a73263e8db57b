"""Paying with what is left on gift cards."""

from sqlalchemy import select

from salesbot import (
    NeedsStaff,
    PaymentEvent,
    PaymentMethod,
    Redirect,
    Refunded,
    Show,
    transaction,
    translator,
)
from salesbot.fulfilment import take_event
from salesbot.models import db
from salesbot.services import links
from salesbot_gift_cards.models import Entry, balance, cards_of, credit, move

_ = translator(__name__)


class GiftCardPayment(PaymentMethod):
    """Takes an order's total off the buyer's cards, the oldest first."""

    name = "gift_cards"
    title = "Gift card"

    def accepts(self, order):
        """Who has too little on their cards, or buys another gift card, pays in another way."""
        buys_a_card = any(line.product.kind == "gift_card" for line in order.lines)
        return not buys_a_card and credit(order.customer.id, order.currency) >= order.total

    def start(self, order, key):
        """The cards' money and the order's payment are one transaction: both happen, or neither."""
        with transaction():
            if not self._take_off(order, key):
                return Show(_("There is not enough left on your gift cards."))
            take_event(
                self.name,
                PaymentEvent(f"{key}-paid", order.id, key, "paid", order.total, order.currency),
            )
        return Redirect(links.pay_url(order.id))

    def _take_off(self, order, key):
        cards = cards_of(order.customer.id, order.currency)
        if db.session.scalar(select(Entry.id).where(Entry.order_id == order.id, Entry.key == key).limit(1)):
            return True
        left = order.total
        for card in cards:
            part = min(left, balance(card))
            move(card, -part, key, order.id)
            left -= part
        if left:
            db.session.rollback()
        return not left

    def refund(self, payment, amount, key):
        """Back onto the cards that it came from, the newest first."""
        with transaction():
            spent = db.session.scalars(
                select(Entry)
                .where(Entry.order_id == payment.order, Entry.key == payment.reference)
                .order_by(Entry.id.desc())
            ).all()
            left = amount
            for entry in spent:
                back = min(left, -entry.amount)
                move(entry.card, back, key, payment.order)
                left -= back
            if left:
                db.session.rollback()
                return NeedsStaff("More than was taken off the gift cards can't be put back onto them.")
        return Refunded(key)
