"""Sentences of the program's own that stand in the database or with a plugin in English."""

from __future__ import annotations


def _(sentence: str) -> str:
    """Marks a sentence for translators; it is translated when it is read."""
    return sentence


WITH_PLACES = (
    _("the order is in {currency}, the payment in {other}"),
    _("{amount} {currency} (minor units) are missing"),
    _("{why}; {amount} goes back by itself"),
    _("the money goes back: {why}"),
    _("{amount} {currency} (minor units) went back of {payment}"),
    _("{amount} did not reach the buyer and came back; send it another way"),
    _("a report about money can't be read: {why}"),
    _("it was bought by {customer}"),
    _("Twilio answered {status}: {why}"),
    _("no answer from Twilio: {cause}"),
    _("Twilio's answer can't be read: {cause}"),
    _("Twilio did not give it: {cause}"),
    _("its push service can't be reached: {cause}"),
    _("its push service answered {status}"),
    _("it can't be encrypted: {cause}"),
    _("the template could not be made: {why}"),
    _("Message {number}"),
    _("Refund {number}"),
    _("Delivery {number}"),
    _("{what} ({who})"),
    _("{kind}, too early"),
)
"""What the core writes down with something in it."""
AS_THEY_ARE = (
    _("it was paid already: this money is too much"),
    _("more was paid than it costs"),
    _("it was cancelled before the money came"),
    _("it had expired and its goods are gone"),
    _("its buyer was forgotten before the money came; give it back"),
    _("the dispute has ended"),
    _("the payment is disputed; nothing more is handed over meanwhile"),
    _("the payment failed"),
    _("nothing to change"),
    _("this payment is confirmed already"),
    _("the reference belongs to a payment of another order"),
    _("it waits for its payment"),
    _("it costs nothing"),
    _("not paid in time"),
    _("the order was not paid in full in time"),
    _("the order was cancelled before it was paid in full"),
    _("cancelled in the back office"),
    _("everything is delivered"),
    _("everything was paid back"),
    _("by the provider"),
    _("with a template"),
    _("customer"),
    _("The provider could not do it. Give it back by hand."),
    _("Send the money back to the account that it came from."),
    _("switched off in the back office"),
    _("the worker stopped while it was being sent"),
    _("the file was taken back before it was sent"),
)
"""What it writes down word by word."""


TIMELINE = (
    _("placed"),
    _("opened the page"),
    _("payment started"),
    _("sent a picture of the payment"),
    _("confirmed the payment"),
    _("found no money"),
    _("found the money after all"),
    _("money arrived"),
    _("payment failed"),
    _("reminded the buyer"),
    _("downloaded"),
    _("renewed a download"),
    _("sent it again"),
    _("a delivery failed"),
    _("had a delivery tried again"),
    _("asked for a refund"),
    _("took a refund back"),
    _("a refund needs you"),
    _("a refund is not needed any more"),
    _("money went back"),
    _("a unit has ended"),
    _("gave a unit again"),
    _("joined customers"),
    _("look at this"),
    _("looked at it"),
    _("note"),
    _("took over"),
    _("gave back"),
    _("quiet"),
    _("assigned"),
    _("joined"),
)
"""Words of the timelines of orders and chats, as their own lists show them."""
PLUGINS = (
    _("Shows categories and products, and finds products by words."),
    _("The cart: puts things in, holds them, and leads to the page where they are paid."),
    _("Answers what nobody else understood, kindly and with a way on, and never twice in the same words."),
    _("Says hello and shows the main menu."),
    _("Changes the language of a chat: by a line of the menu, or by the language's name."),
    _("Shows a customer's orders and gives again what they bought."),
    _("Pretend payment for the demo shop: a page with one button, and events as a provider sends them."),
    _("Payment by transfer: shows where to send the money; staff confirm that it has arrived."),
    _("Card payment with Stripe Checkout: Stripe's page takes the money, its events say what happened."),
    _("Helps, fetches a person, and stops or allows messages that nobody asked for."),
    _("Bank or wallet details (name, number, bank)"),
    _("Secret key of your Stripe account"),
    _("Signing secret of the webhook at Stripe (two, with a comma, while you replace one)"),
)
"""What the built-in plugins say of themselves, and what their settings are called."""
