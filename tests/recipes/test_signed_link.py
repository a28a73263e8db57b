"""A web page behind a link that nobody else can make."""

from flask import Blueprint

from salesbot import Choice, Reply, hookimpl
from salesbot.models import Customer, db
from salesbot.services import links

PLUGIN = "card"

pages = Blueprint("card", __name__, url_prefix="/card")


@hookimpl
def salesbot_handle_message(message, chat):
    if message.text.casefold() == "my card":
        word = links.signed("card", chat.customer.id)
        return Reply(f"Here it is: {links.base_url()}/card/{word}", [Choice("menu", "Menu")])


@pages.get("/<word>")
def show(word):
    customer = db.get_or_404(Customer, links.opened("card", word))
    return f"The card of {customer.name}"


@hookimpl
def salesbot_register_blueprints(app):
    app.register_blueprint(pages)


def test_only_the_link_opens_the_page(customer, app):
    word = customer.says("my card")[0].text.split("/card/")[1].split()[0]
    browser = app.test_client()
    assert browser.get(f"/card/{word}").text == "The card of Sam"
    assert browser.get(f"/card/{word[:-2]}aa").status_code == 404
    assert browser.get(f"/card/{links_for_another_purpose(app)}").status_code == 404


def links_for_another_purpose(app):
    with app.app_context():
        return links.signed("something else", 1)
