"""The page on which staff see what is owed on gift cards, and give one away."""

from flask import flash, redirect, request
from sqlalchemy import func, select

from salesbot import AdminPage, expose, show_money
from salesbot.models import db
from salesbot.services import shop
from salesbot_gift_cards.models import IS_GOOD, Entry, GiftCard, issue

MOST = 100_000
"""Minor units of one card that staff may give away."""


def owed():
    """(currency, minor units) that are left on all cards that are good."""
    return db.session.execute(
        select(GiftCard.currency, func.sum(Entry.amount))
        .join(Entry)
        .where(IS_GOOD)
        .group_by(GiftCard.currency)
    ).all()


class GiftCardsPage(AdminPage):
    """`/admin/gift-cards/`."""

    needs = {"index": "look", "give": "money"}

    def __init__(self):
        super().__init__(name="Gift cards: give one", url="gift-cards", icon="fa-gift")

    @expose("/")
    def index(self):
        amounts = [show_money(amount, currency) for currency, amount in owed()]
        return self.render("gift_cards/page.html", amounts=amounts, currency=shop.setting("CURRENCY"))

    @expose("/give", methods=["POST"])
    def give(self):
        amount = request.form.get("amount", "")
        if not amount.isdecimal() or not 0 < int(amount) <= MOST:
            flash(f"Type a whole number of minor units, from 1 to {MOST}.", "error")
            return redirect(self.get_url(".index"))
        card = issue(int(amount), shop.setting("CURRENCY"))
        code, worth = card.code, show_money(int(amount), card.currency)
        db.session.commit()
        flash(f"A card over {worth}: {code}. Write it down, it is not shown again.", "success")
        return redirect(self.get_url(".index"))
