"""What stands on the shelves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _

from salesbot import models
from salesbot.admin.exceptions.shorthand import INTERNAL, names, record
from salesbot.admin.rules import SHOP, Rules, Waiting
from salesbot.admin.shown.formatters import (
    shortened,
    sold,
    whole_percent,
)
from salesbot.services import needed

EXCEPTIONS: Mapping[type[Any], Rules] = {
    models.Product: Rules(
        many=_("Products"),
        one=_("product"),
        group=SHOP,
        icon="fa-box-open",
        needs={"action:sell": "change", "action:withdraw": "change"},
        inline=names("price"),
        opens="edit_view",
        first=names("cover title category kind price active"),
        not_in_list=names(
            "summary description file file_name link options position created_at tax_rate delivery_text texts"
        ),
        not_in_form=names("cover file file_name kind created_at"),
        labels={
            "active": _("For sale"),
            "cover": _("Picture"),
            "summary": _("In one line"),
            "position": _("Place in the list"),
            "options": _("Options"),
            "created_at": _("Since"),
            "tax_rate": _("Tax rate, in percent"),
            "delivery_text": _("Words with the delivery"),
            "texts": _("In other languages"),
        },
        in_languages={
            "title": _("Title"),
            "summary": _("In one line"),
            "description": _("Description"),
        },
        helps={
            "active": _("Off: nobody sees it in the chat; whoever bought it keeps it."),
            "tax_rate": _("The part of it that is tax stands on the receipt; empty: none."),
            "delivery_text": _(
                "Empty: our own words. These may stand in it: {name} {number} {title} {key} {link}"
            ),
            "summary": _("Shown under the title in lists."),
            "description": _("What the customer reads before buying: what it is, what one gets."),
            "link": _("What the customer gets, such as https://…"),
            "position": _("Small numbers come first."),
            "options": _("For plugins that deliver kinds of their own, as JSON."),
        },
        filters=names("title kind price active created_at"),
        waiting={"keys": Waiting(_("Keys running out"), needed.products_low_in_stock)},
        search=names("title summary"),
        sort="position",
        empty=_("Your shop has no products yet."),
    ),
    models.Category: Rules(
        many=_("Categories"),
        one=_("category"),
        group=SHOP,
        icon="fa-layer-group",
        opens="edit_view",
        first=names("title detail position active"),
        not_in_list=("texts",),
        labels={
            "active": _("Shown"),
            "detail": _("Second line"),
            "position": _("Place in the list"),
            "texts": _("In other languages"),
        },
        in_languages={"title": _("Title"), "detail": _("Second line")},
        helps={
            "detail": _("A few words under the title."),
            "position": _("Small numbers come first."),
        },
        search=names("title"),
        sort="position",
        empty=_("Categories are the shelves of your shop. Add the first one, then put products on it."),
    ),
    models.Wording: record(
        many=_("Changed words"),
        one=_("change"),
        group=SHOP,
        icon="fa-clock-rotate-left",
        in_menu=False,
        first=names("at sentence text language package who"),
        search=names("sentence text"),
    ),
    models.QuickAnswer: Rules(
        many=_("Quick answers"),
        one=_("quick answer"),
        group=SHOP,
        icon="fa-bolt",
        opens="edit_view",
        first=names("words text leads_to active"),
        not_in_list=names("button texts created_at"),
        not_in_form=names("created_at"),
        labels={
            "words": _("When somebody writes"),
            "text": _("The bot answers"),
            "leads_to": _("The button leads to"),
            "button": _("Words on the button"),
            "active": _("In use"),
            "texts": _("In other languages"),
            "created_at": _("Since"),
        },
        in_languages={
            "words": _("When somebody writes"),
            "text": _("The bot answers"),
            "button": _("Words on the button"),
        },
        helps={
            "words": _(
                "One or several, with commas: refund, money back, can I return it. "
                "Accents, case and a typing mistake don't matter."
            ),
            "text": _("These may stand in it: {shop_name} {customer_name} {hours}"),
            "button": _("Empty: the name of what it leads to. WhatsApp shows 20 letters."),
        },
        formatters={"words": shortened, "text": shortened},
        search=names("words text"),
        sort="words",
        empty=_("What do your customers ask every day? Type it once, and the bot answers it from then on."),
    ),
    models.MenuLine: record(
        many=_("Lines of the menu"), one=_("line"), group=SHOP, in_menu=False, sort="position"
    ),
    models.NotNeeded: record(
        many=_("Words not needed"), one=_("entry"), group=SHOP, in_menu=False, needs=INTERNAL, sort="at"
    ),
    models.LicenceKey: Rules(
        many=_("Licence keys"),
        one=_("licence key"),
        group=SHOP,
        icon="fa-key",
        creates=False,
        edits=False,
        first=names("hint product delivery_id created_at"),
        never=names("digest"),
        labels={
            "product.title": _("Product"),
            "hint": _("Key"),
            "delivery_id": _("Where it is"),
            "created_at": _("In stock since"),
        },
        formatters={"delivery_id": sold},
        filters=names("product.title delivery_id created_at"),
        search=names("product.title hint"),
        large=True,
        empty=_("No keys in stock. Open a product of the kind “key” and paste them there."),
    ),
    models.Coupon: Rules(
        many=_("Coupons"),
        one=_("coupon"),
        group=SHOP,
        icon="fa-ticket",
        opens="edit_view",
        first=names("code percent amount active ends_at uses_allowed"),
        not_in_list=names("product category starts_at uses_per_customer created_at"),
        not_in_form=names("created_at"),
        labels={
            "percent": _("Percent off"),
            "amount": _("Amount off"),
            "active": _("Can be used"),
            "starts_at": _("From"),
            "ends_at": _("Until"),
            "uses_allowed": _("Uses in all"),
            "uses_per_customer": _("Uses by one customer"),
            "product": _("Only for this product"),
            "category": _("Only for this category"),
        },
        helps={
            "code": _("What the customer types, such as WELCOME10."),
            "percent": _("Either a percentage or an amount."),
            "amount": _("Taken off once; never more than the goods cost."),
            "active": _("Off: nobody can use it any more, and orders keep what it took off."),
            "starts_at": _("Empty: at once."),
            "ends_at": _("Empty: never ends."),
            "uses_allowed": _("Empty: as often as anybody likes."),
            "uses_per_customer": _("Empty: as often as they like."),
            "product": _("Empty: for everything."),
            "category": _("Empty: for every shelf."),
        },
        formatters={"percent": whole_percent},
        filters=names("code active ends_at"),
        search=names("code"),
        empty=_("No coupons yet. A coupon is a word that customers type to pay less."),
    ),
    models.Advertisement: Rules(
        many=_("Advertisements"),
        one=_("advertisement"),
        group=SHOP,
        icon="fa-bullhorn",
        creates=False,
        edits=False,
        in_menu=False,
        first=names("headline key target came last_came_at"),
        not_in_list=names("text url created_at"),
        labels={
            "headline": _("Headline"),
            "key": _("Id"),
            "target": _("Leads to"),
            "came": _("People who came"),
            "last_came_at": _("Came last"),
        },
        search=names("headline key"),
        empty=_("Nobody has come by an advertisement yet."),
    ),
}
