"""Gift cards: sold like any product, redeemed in the chat, spent at the checkout, in parts too."""

from sqlalchemy import select

from salesbot import (
    Card,
    Choice,
    Delivered,
    Reply,
    Setting,
    hookimpl,
    setting,
    show_money,
    transaction,
    translator,
)
from salesbot.models import db
from salesbot.services import shop
from salesbot_gift_cards.admin import GiftCardsPage, owed
from salesbot_gift_cards.models import GiftCard, balance, credit, digest, is_good, issue
from salesbot_gift_cards.payment import GiftCardPayment

_ = translator(__name__)

KIND = "gift_card"
MOST_TRIES = 5
"""Wrong codes in a row, after which a chat can try no more; a person helps then."""


@hookimpl
def salesbot_migrations():
    return "migrations"


@hookimpl
def salesbot_settings():
    return [Setting("gift_cards_greeting", "Words that come with a sold card", default="A present for you:")]


@hookimpl
def salesbot_deliver(unit):
    """One card for one unit, however often it is asked for."""
    if unit.kind != KIND:
        return None
    with transaction():
        card = issue(unit.product.price, unit.order.currency, made_for=unit.key)
        code = card.code
    return Delivered(text=setting("gift_cards_greeting"), secret=code)


@hookimpl
def salesbot_menu_items(chat):
    return Choice("gift_cards:redeem", _("Gift card"))


@hookimpl
def salesbot_handle_message(message, chat):
    """Asks for the code of a card, and puts what is on it to the customer's credit."""
    if message.choice == "gift_cards:redeem":
        if chat.data.get("tries", 0) >= MOST_TRIES:
            return _sorry(_("That were too many codes that we do not know."))
        return Reply(_balance(chat) + _("What is the code on your card?"), ask="code")
    if chat.question == "code" and message.text:
        return _redeem(message.text, chat)
    return None


def _redeem(code, chat):
    card = db.session.scalar(select(GiftCard).where(GiftCard.digest == digest(code)).with_for_update())
    if card is None or card.holder_id not in {None, chat.customer.id}:
        tries = chat.data["tries"] = chat.data.get("tries", 0) + 1
        if tries >= MOST_TRIES:
            return _sorry(_("We do not know this code either."))
        again = [Choice("gift_cards:redeem", _("Try again")), Choice("menu", _("Menu"))]
        return Reply(_("We do not know this code. Please look at it again."), again)
    chat.data.pop("tries", None)
    if not is_good(card):
        return _sorry(_("This card can't be used: its money went back, or is being checked."))
    card.holder_id = chat.customer.id
    db.session.flush()
    return Reply(_balance(chat) + _("Choose “Gift card” when you pay."), [Choice("menu", _("Menu"))])


def _sorry(text):
    return Reply(text, [Choice("person", _("Talk to a person")), Choice("menu", _("Menu"))])


def _balance(chat):
    """How much the customer can spend, as a sentence; "" for nothing."""
    currency = shop.setting("CURRENCY")
    left = credit(chat.customer.id, currency)
    if not left:
        return ""
    return _("You have {money} on gift cards.").format(money=show_money(left, currency, chat.language)) + " "


@hookimpl
def salesbot_payment_methods():
    return GiftCardPayment()


@hookimpl
def salesbot_register_admin_views(admin):
    admin.add_view(GiftCardsPage())


@hookimpl
def salesbot_home_cards():
    amounts = [show_money(amount, currency) for currency, amount in owed() if amount]
    return Card("Left on gift cards", ", ".join(amounts), url="/admin/gift-cards/") if amounts else None


@hookimpl
def salesbot_export_customer(customer):
    cards = db.session.scalars(select(GiftCard).where(GiftCard.holder_id == customer.id)).all()
    return {
        "gift_cards": [
            {"card": card.hint, "left": balance(card) if is_good(card) else 0, "currency": card.currency}
            for card in cards
        ]
    }


@hookimpl
def salesbot_erase_customer(customer):
    """The card itself stays good for whoever holds its code; it belongs to nobody again."""
    for card in db.session.scalars(select(GiftCard).where(GiftCard.holder_id == customer.id)):
        card.holder_id = None
    db.session.flush()


@hookimpl
def salesbot_customers_joined(customer, other):
    for card in db.session.scalars(select(GiftCard).where(GiftCard.holder_id == other.id)):
        card.holder_id = customer.id
    db.session.flush()
