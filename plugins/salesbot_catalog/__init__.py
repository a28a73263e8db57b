"""Shows categories and products, and finds products by words."""

from __future__ import annotations

from collections.abc import Sequence

from salesbot import Chat, Choice, Message, Reply, hookimpl, is_row_id, search, show_money, translator
from salesbot.services import catalog, consent, links, shop, waiting
from salesbot.services.catalog import Item

_ = translator(__name__)

SHELVES_IN_MENU = 6
"""With more categories than this the menu has one line that leads to them."""
LINES_IN_MENU = 7
"""WhatsApp's list takes ten lines, and others bring theirs."""
FAVOURITES = 3


@hookimpl
def salesbot_menu_items(chat: Chat) -> list[Choice]:
    """The categories themselves, so that one message less is needed.

    In a list that is tapped, what sells best comes before them, which saves one more.
    """
    shelves = catalog.shelves()
    lines = [Choice(f"category:{shelf.id}", shelf.title) for shelf in shelves]
    if len(shelves) > SHELVES_IN_MENU:
        lines = [Choice("catalog:all", _("Look around"))]
    if not shop.setting("BUTTONS"):
        return lines
    room = min(FAVOURITES, LINES_IN_MENU - len(lines))
    return [*_lines(catalog.favourites(room), chat.language), *lines]


@hookimpl
def salesbot_handle_message(message: Message, chat: Chat) -> Reply | None:
    """Shows what was picked, or what the words find."""
    owner, _colon, rest = (message.choice or "").partition(":")
    if message.choice == "catalog:all":
        return _all_shelves()
    if owner == "catalog" and rest.startswith("tell:") and is_row_id(rest[5:]):
        return _wait(chat, int(rest[5:]))
    if owner == "buy" and rest.endswith(":link") and is_row_id(rest[:-5]):
        return _sold_out(int(rest[:-5]), chat.language)
    if owner == "category" and is_row_id(rest):
        return _shelf(int(rest), chat.language)
    if owner == "product" and is_row_id(rest):
        return _product(int(rest), chat.language)
    if owner == "search" or message.text:
        return _search(rest or message.text, chat.language)
    return None


def _all_shelves() -> Reply:
    shelves = catalog.shelves()
    return Reply(
        _("Where would you like to look?"),
        [Choice(f"category:{shelf.id}", shelf.title, shelf.detail) for shelf in shelves],
    )


def _shelf(category_id: int, language: str) -> Reply | None:
    shelf = catalog.shelf(category_id)
    if shelf is None:
        return None
    return Reply(f"*{shelf.title}*", [*_lines(catalog.items_on(category_id), language), _menu()])


def _sold_out(product_id: int, language: str) -> Reply | None:
    """What a link led to, when it can't be bought now; else the checkout sells it."""
    item = catalog.item(product_id)
    return _card(item, language) if item is not None and item.left == 0 else None


def _search(words: str, language: str) -> Reply | None:
    # The words of a link whose code got lost: what is wanted stands behind the colon.
    found = catalog.items(search(words) or (search(words.partition(":")[2]) if ":" in words else []))
    if not found:
        return None
    if len(found) == 1:
        return _card(found[0], language)
    return Reply(_("This is what I found:"), [*_lines(found, language), _menu()])


def _lines(items: Sequence[Item], language: str) -> list[Choice]:
    return [Choice(f"product:{item.id}", item.title, _price(item, language)) for item in items]


def _menu() -> Choice:
    return Choice("menu", _("Menu"))


def _price(item: Item, language: str) -> str:
    if item.left == 0:
        return _("sold out")
    if item.price == 0:
        return _("free")
    return show_money(item.price, shop.setting("CURRENCY"), language)


def _product(product_id: int, language: str) -> Reply | None:
    item = catalog.item(product_id)
    return None if item is None else _card(item, language)


def _card(item: Item, language: str) -> Reply:
    facts = [f"*{item.title}* – {_price(item, language)}"]
    facts += [text for text in (item.description or item.summary,) if text]
    if item.left is not None and 0 < item.left <= shop.setting("LOW_STOCK"):
        facts.append(_("Only {count} left.").format(count=item.left))
    choices = [Choice(f"buy:{item.id}", _("Get it") if item.price == 0 else _("Buy"))]
    if item.left != 1 and item.price:
        choices.append(Choice(f"checkout:several:{item.id}", _("Buy several")))
    if item.left == 0:
        facts.append(_("I am sorry, it is sold out."))
        choices = [Choice(f"catalog:tell:{item.id}", _("Tell me when it is back"))]
    else:
        facts.insert(2, _what_you_get(item.kind))
    choices += [Choice(f"category:{item.category_id}", _("Back to the list")), _menu()]
    text = "\n\n".join(facts)
    if shop.setting("BUTTONS"):
        # Three fit as buttons, and WhatsApp shows no picture beside them.
        return Reply(text, choices[:3])
    return Reply(text, choices, media_url=links.cover_url(item.cover))


def _wait(chat: Chat, product_id: int) -> Reply | None:
    item = catalog.item(product_id)
    if item is None:
        return None
    if item.left != 0:
        return _product(product_id, chat.language)
    waiting.ask(product_id, chat.id)
    promise = _("I will tell you here when *{title}* is back.").format(title=item.title)
    asked = _("Tell me when it is back")
    consent.note(chat.customer.id, "stock", chat_id=chat.id, about=item.title, wording=promise, said=asked)
    return Reply(
        promise,
        [Choice(f"category:{item.category_id}", _("Back to the list")), _menu()],
    )


def _what_you_get(kind: str) -> str:
    return {
        "key": _("You get your own key here in the chat, right after you pay."),
        "file": _("You get a link here in the chat to download it, right after you pay."),
        "link": _("You get your private link here in the chat, right after you pay."),
    }.get(kind, _("It comes to this chat after you pay."))
