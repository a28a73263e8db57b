"""What a model's view does differently from the one that is made for every model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _

from salesbot import models
from salesbot.admin.formatters import (
    plain,
    shortened,
    sold,
    source,
    who_answers,
    whole_percent,
)
from salesbot.admin.rules import PEOPLE, SALES, SHOP, SYSTEM, Rules
from salesbot.models.audit import AUDIT_WORDS
from salesbot.models.consent import CONSENT_WORDS
from salesbot.models.conversations import IN_STATES, OUT_STATES
from salesbot.models.deliveries import DELIVERY_STATES
from salesbot.models.inbox import TONES
from salesbot.models.orders import ORDER_STATES
from salesbot.models.payments import PAYMENT_STATES, REFUND_STATES
from salesbot.models.staff import ROLES


def _names(words: str) -> tuple[str, ...]:
    return tuple(words.split())


def _record(**other: Any) -> Rules:
    """A model whose rows are history: staff read it and change nothing by hand."""
    return Rules(creates=False, edits=False, deletes=False, **other)


_CREATED = {"created_at": _("Since")}
_INTERNAL = dict.fromkeys(("index_view", "details_view", "action_view"), "run")

EXCEPTIONS: Mapping[type[Any], Rules] = {
    models.Product: Rules(
        many=_("Products"),
        one=_("product"),
        group=SHOP,
        icon="fa-box-open",
        needs={"action:sell": "change", "action:withdraw": "change"},
        inline=_names("price"),
        opens="edit_view",
        first=_names("cover title category kind price active"),
        not_in_list=_names(
            "summary description file file_name link options position created_at tax_rate delivery_text texts"
        ),
        not_in_form=_names("cover file file_name kind created_at"),
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
        filters=_names("title kind price active created_at"),
        search=_names("title summary"),
        sort="position",
        empty=_("Your shop has no products yet."),
    ),
    models.Category: Rules(
        many=_("Categories"),
        one=_("category"),
        group=SHOP,
        icon="fa-layer-group",
        opens="edit_view",
        first=_names("title detail position active"),
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
        search=_names("title"),
        sort="position",
        empty=_("Categories are the shelves of your shop. Add the first one, then put products on it."),
    ),
    models.Wording: _record(
        many=_("Changed words"),
        one=_("change"),
        group=SHOP,
        icon="fa-clock-rotate-left",
        in_menu=False,
        first=_names("at sentence text language package who"),
        search=_names("sentence text"),
    ),
    models.QuickAnswer: Rules(
        many=_("Quick answers"),
        one=_("quick answer"),
        group=SHOP,
        icon="fa-bolt",
        opens="edit_view",
        first=_names("words text leads_to active"),
        not_in_list=_names("button texts created_at"),
        not_in_form=_names("created_at"),
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
        search=_names("words text"),
        sort="words",
        empty=_("What do your customers ask every day? Type it once, and the bot answers it from then on."),
    ),
    models.MenuLine: _record(
        many=_("Lines of the menu"), one=_("line"), group=SHOP, in_menu=False, sort="position"
    ),
    models.NotNeeded: _record(
        many=_("Words not needed"), one=_("entry"), group=SHOP, in_menu=False, needs=_INTERNAL, sort="at"
    ),
    models.LicenceKey: Rules(
        many=_("Licence keys"),
        one=_("licence key"),
        group=SHOP,
        icon="fa-key",
        creates=False,
        edits=False,
        first=_names("hint product delivery_id created_at"),
        never=_names("digest"),
        labels={
            "product.title": _("Product"),
            "hint": _("Key"),
            "delivery_id": _("Where it is"),
            "created_at": _("In stock since"),
        },
        formatters={"delivery_id": sold},
        filters=_names("product.title delivery_id created_at"),
        search=_names("product.title hint"),
        large=True,
        empty=_("No keys in stock. Open a product of the kind “key” and paste them there."),
    ),
    models.Coupon: Rules(
        many=_("Coupons"),
        one=_("coupon"),
        group=SHOP,
        icon="fa-ticket",
        opens="edit_view",
        first=_names("code percent amount active ends_at uses_allowed"),
        not_in_list=_names("product category starts_at uses_per_customer created_at"),
        not_in_form=_names("created_at"),
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
        filters=_names("code active ends_at"),
        search=_names("code"),
        empty=_("No coupons yet. A coupon is a word that customers type to pay less."),
    ),
    models.Order: _record(
        many=_("Orders"),
        one=_("order"),
        group=SALES,
        icon="fa-cart-shopping",
        first=_names("number customer total state created_at"),
        not_in_list=_names(
            "conversation currency expires_at paid_at fulfilled_at closed_at reminded_at frozen_at"
            " tentative discount coupon source_details"
        ),
        labels={
            "source": _("Came from"),
            "created_at": _("Placed"),
            "closed_at": _("Closed"),
            "customer.name": _("Customer's name"),
        },
        needs={
            "confirm": "money",
            "reject": "money",
            "cancel": "money",
            "give_back": "money",
            "gave_back": "money",
            "withdraw": "money",
            "give_again": "money",
            "after_all": "money",
            "resend": "deliver",
            "renew": "deliver",
            "try_again": "deliver",
            "looked": "answer",
        },
        choices={"state": ORDER_STATES},
        formatters={"source": source},
        filters=_names("state total created_at paid_at source customer.name"),
        search=_names("number"),
        large=True,
        empty=_("Nobody has ordered yet. Say “hi” in the simulator and buy something."),
    ),
    models.OrderLine: _record(
        many=_("Order lines"),
        one=_("order line"),
        group=SALES,
        in_menu=False,
        first=_names("order title quantity unit_price amount"),
        not_in_list=_names("position options product discount tax_rate"),
        search=_names("title"),
        large=True,
    ),
    models.OrderEvent: _record(
        many=_("Order timeline"), one=_("entry"), group=SALES, in_menu=False, large=True
    ),
    models.Payment: _record(
        many=_("Payments"),
        one=_("payment"),
        group=SALES,
        icon="fa-money-bill-wave",
        first=_names("order amount method state reference created_at"),
        not_in_list=_names("currency confirmed_at proof"),
        labels={"created_at": _("Begun"), "confirmed_at": _("Confirmed")},
        choices={"state": PAYMENT_STATES},
        filters=_names("state method amount created_at"),
        search=_names("reference"),
        large=True,
        empty=_("No payments yet. They come when a customer chooses on the pay page how to pay."),
    ),
    models.PaymentEvent: _record(
        many=_("Payment events"),
        one=_("payment event"),
        group=SALES,
        in_menu=False,
        search=_names("event_id reference"),
        large=True,
    ),
    models.Refund: _record(
        many=_("Refunds"),
        one=_("refund"),
        group=SALES,
        icon="fa-rotate-left",
        first=_names("payment amount state why created_at"),
        not_in_list=_names("currency reference event_id who units attempts due_at claimed_at done_at"),
        choices={"state": REFUND_STATES},
        filters=_names("state amount created_at"),
        empty=_("No refunds yet. Money is given back on the page of its order."),
    ),
    models.Delivery: _record(
        many=_("Deliveries"),
        one=_("delivery"),
        group=SALES,
        icon="fa-truck-fast",
        first=_names("line state downloads downloads_allowed delivered_at error"),
        not_in_audit=_names("text link file"),
        not_in_list=_names(
            "position text link file file_name expires_at attempts due_at claimed_at told_at licence_key"
        ),
        labels={"line": _("What"), "licence_key": _("Key"), "error": _("Reason")},
        choices={"state": DELIVERY_STATES},
        filters=_names("state delivered_at due_at"),
        large=True,
        empty=_("Nothing has been delivered yet. What a paid order brings appears here."),
    ),
    models.Conversation: _record(
        many=_("Inbox"),
        one=_("conversation"),
        group=None,
        icon="fa-comments",
        needs={
            "news": "look",
            "list_news": "look",
            "media": "look",
            **dict.fromkeys(_names("take_over give_back reply template settle assign label here"), "answer"),
        },
        first=_names("customer answered_by address last_inbound_at"),
        not_in_audit=_names("question shown notes"),
        not_in_list=_names(
            "channel person_wanted_at question question_plugin shown shown_from notes source staff_at seen_at"
            " assigned_to created_at"
        ),
        labels={
            "customer.name": _("Name"),
            "answered_by": _("Who answers"),
            "last_inbound_at": _("Wrote last"),
            "person_wanted_at": _("Asked for a person"),
            "address": _("From"),
        },
        formatters={"customer": plain, "answered_by": who_answers},
        filters=_names("answered_by channel last_inbound_at person_wanted_at"),
        choices={"answered_by": ("bot", "person")},
        search=_names("customer.name address"),
        sort=("last_inbound_at", True),
        large=True,
        empty=_("Nobody has written yet. Say “hi” in the simulator."),
    ),
    models.Label: Rules(
        many=_("Labels"),
        one=_("label"),
        group=PEOPLE,
        icon="fa-tag",
        opens="edit_view",
        first=_names("name tone"),
        labels={"tone": _("Colour")},
        choices={"tone": TONES},
        search=_names("name"),
        sort="name",
        empty=_("Labels sort chats, such as “wholesale” or “refund”. Add the first one."),
    ),
    models.CannedReply: Rules(
        many=_("Ready answers"),
        one=_("ready answer"),
        group=PEOPLE,
        icon="fa-comment-dots",
        opens="edit_view",
        first=_names("title text"),
        helps={
            "title": _("How you and your colleagues find it."),
            "text": _("These may stand in it: {name} {staff} {shop} {order} {product}"),
        },
        formatters={"text": shortened},
        search=_names("title text"),
        sort="title",
        empty=_("Words that you send often, one click away in every chat. Add the first ones."),
    ),
    models.ConversationLabel: _record(
        many=_("Labels of chats"), one=_("label"), group=PEOPLE, in_menu=False, large=True
    ),
    models.ConversationEvent: _record(
        many=_("Notes on chats"),
        one=_("note"),
        group=PEOPLE,
        in_menu=False,
        search=_names("text"),
        large=True,
    ),
    models.Presence: _record(
        many=_("Who is here"), one=_("entry"), audited=False, group=SYSTEM, in_menu=False, needs=_INTERNAL
    ),
    models.Notice: _record(
        many=_("News"), one=_("news"), audited=False, group=SYSTEM, in_menu=False, needs=_INTERNAL, large=True
    ),
    models.NewsChoice: _record(
        many=_("Who hears of what"), one=_("choice"), group=SYSTEM, in_menu=False, needs=_INTERNAL
    ),
    models.NoticeMail: _record(
        many=_("News by e-mail"),
        one=_("e-mail"),
        audited=False,
        group=SYSTEM,
        in_menu=False,
        needs=_INTERNAL,
        large=True,
    ),
    models.PushDevice: _record(
        many=_("Devices that are told"),
        one=_("device"),
        group=SYSTEM,
        in_menu=False,
        needs=_INTERNAL,
        first=_names("staff name created_at told_at"),
        never=_names("endpoint p256dh epoch"),
        not_in_audit=_names("endpoint p256dh told_at"),
        labels={"told_at": _("Told last"), **_CREATED},
    ),
    models.NoticePush: _record(
        many=_("News on devices"),
        one=_("news"),
        audited=False,
        group=SYSTEM,
        in_menu=False,
        needs=_INTERNAL,
        large=True,
    ),
    models.Message: _record(
        many=_("Messages"),
        one=_("message"),
        group=PEOPLE,
        icon="fa-envelope",
        first=_names("conversation direction body state created_at"),
        not_in_audit=_names("body choices media location"),
        not_in_list=_names(
            "choice choices style template about media location plugin sent_by took_ms"
            " error error_code attempts send_at claimed_at provider_id"
        ),
        formatters={"body": shortened},
        labels={"body": _("Text"), "direction": _("In or out"), "created_at": _("When")},
        choices={"state": (*IN_STATES, *OUT_STATES), "direction": ("in", "out")},
        filters=_names("state direction created_at plugin error_code"),
        search=_names("body"),
        large=True,
        empty=_("No messages yet. Say “hi” in the simulator."),
    ),
    models.Customer: Rules(
        many=_("Customers"),
        one=_("customer"),
        group=PEOPLE,
        icon="fa-users",
        creates=False,
        deletes=False,
        needs={
            "join": "change",
            "confirm_join": "change",
            "take_out": "export",
            "confirm_erase": "delete",
            "erase": "delete",
            "agreed": "answer",
        },
        first=_names("name language stopped_at created_at"),
        not_in_form=_names("stopped_at created_at"),
        labels={"stopped_at": _("Wants no news since"), **_CREATED},
        filters=_names("language stopped_at created_at"),
        search=_names("name"),
        large=True,
        empty=_("Nobody has written yet. Say “hi” in the simulator, or connect WhatsApp."),
    ),
    models.CustomerAddress: _record(
        many=_("Addresses"),
        one=_("address"),
        group=PEOPLE,
        in_menu=False,
        first=_names("address channel customer"),
        search=_names("address"),
        large=True,
    ),
    models.Advertisement: Rules(
        many=_("Advertisements"),
        one=_("advertisement"),
        group=SHOP,
        icon="fa-bullhorn",
        creates=False,
        edits=False,
        in_menu=False,
        first=_names("headline key target came last_came_at"),
        not_in_list=_names("text url created_at"),
        labels={
            "headline": _("Headline"),
            "key": _("Id"),
            "target": _("Leads to"),
            "came": _("People who came"),
            "last_came_at": _("Came last"),
        },
        search=_names("headline key"),
        empty=_("Nobody has come by an advertisement yet."),
    ),
    models.Consent: _record(
        many=_("Agreements"),
        one=_("agreement"),
        group=PEOPLE,
        icon="fa-handshake",
        in_menu=False,
        first=_names("at customer what about said wording language who message_id"),
        not_in_audit=_names("said wording"),
        labels={
            "at": _("When"),
            "what": _("What"),
            "about": _("About"),
            "said": _("What they said"),
            "wording": _("What they were told"),
            "who": _("Noted by"),
            "message_id": _("Message"),
        },
        choices={"what": CONSENT_WORDS},
        filters=_names("what at language"),
        large=True,
        empty=_("Nobody has agreed to or refused anything yet."),
    ),
    models.StockWait: _record(
        many=_("Waiting for stock"),
        one=_("entry"),
        group=PEOPLE,
        in_menu=False,
        first=_names("product conversation asked_at told_at"),
        labels={"asked_at": _("Asked"), "told_at": _("Told"), "product.title": _("Product")},
        filters=_names("product.title told_at asked_at"),
        large=True,
        empty=_("Nobody waits for anything. Whoever asks for what is sold out appears here."),
    ),
    models.StaffUser: Rules(
        many=_("Staff"),
        one=_("staff member"),
        group=SYSTEM,
        icon="fa-user-shield",
        needs=dict.fromkeys(
            ("index_view", "details_view", "create_view", "edit_view", "delete_view", "action_view"), "run"
        ),
        opens="edit_view",
        first=_names("name email role active last_sign_in_at"),
        not_in_list=_names("created_at"),
        not_in_form=_names("epoch created_at last_sign_in_at"),
        never=_names("password_hash epoch"),
        labels={
            "email": _("E-mail"),
            "active": _("May sign in"),
            "last_sign_in_at": _("Last signed in"),
            **_CREATED,
        },
        helps={
            "name": _("Colleagues see it beside what this person does."),
            "role": _("Owners may do everything; managers sell; agents answer; viewers look."),
            "active": _("Off: this person is signed out at once, and hears no news."),
        },
        choices={"role": ROLES},
        sort="name",
    ),
    models.PluginFailure: _record(
        many=_("Plugin failures"),
        one=_("failure"),
        group=SYSTEM,
        icon="fa-bug",
        needs=_INTERNAL,
        in_menu=False,
        search=_names("plugin error"),
        large=True,
        empty=_("No plugin has failed."),
    ),
    models.ContentTemplate: _record(
        many=_("Templates for buttons"),
        one=_("template"),
        group=SYSTEM,
        in_menu=False,
        needs=_INTERNAL,
        first=_names("shape sid account created_at"),
        labels={"shape": _("Name"), "sid": _("Id at Twilio"), "account": _("Account"), **_CREATED},
        empty=_("None yet: each is made when a message needs it first."),
    ),
    models.MessageTemplate: _record(
        many=_("Stored templates"),
        one=_("template"),
        group=SYSTEM,
        in_menu=False,
        needs=_INTERNAL,
        first=_names("name language status use text"),
    ),
    models.Job: _record(
        many=_("Jobs of plugins"),
        one=_("job"),
        group=SYSTEM,
        icon="fa-clock-rotate-left",
        needs=_INTERNAL,
        in_menu=False,
        never=_names("data"),
        search=_names("name error"),
        large=True,
        empty=_("No job waits."),
    ),
    models.PluginUsage: _record(
        audited=False,
        many=_("Calls of plugins"),
        one=_("plugin"),
        group=SYSTEM,
        in_menu=False,
        needs=_INTERNAL,
        sort="name",
    ),
    models.WebhookTrouble: _record(
        audited=False,
        many=_("Wrong calls"),
        one=_("call"),
        group=SYSTEM,
        in_menu=False,
        needs=_INTERNAL,
        sort="kind",
    ),
    models.WorkerBeat: _record(
        audited=False,
        many=_("Workers"),
        one=_("worker"),
        group=SYSTEM,
        in_menu=False,
        needs=_INTERNAL,
        sort="name",
    ),
    models.PluginState: _record(
        many=_("Plugin switches"), one=_("switch"), group=SYSTEM, in_menu=False, needs=_INTERNAL, sort="name"
    ),
    models.ShopSetting: _record(
        many=_("Stored settings"), one=_("setting"), group=SYSTEM, in_menu=False, needs=_INTERNAL, sort="name"
    ),
    models.AuditEntry: _record(
        audited=False,
        many=_("Audit"),
        one=_("entry"),
        group=SYSTEM,
        icon="fa-clock-rotate-left",
        needs=_INTERNAL,
        first=_names("at who what model title changes ip"),
        not_in_list=_names("row"),
        labels={
            "at": _("When"),
            "who": _("Who"),
            "what": _("Did what"),
            "model": _("Kind"),
            "title": _("What it was"),
            "changes": _("From what to what"),
            "ip": _("From which address"),
            "row": _("Number"),
        },
        choices={"what": AUDIT_WORDS},
        filters=_names("who what model row at ip"),
        search=_names("who title"),
        large=True,
        empty=_("Nobody has changed anything yet."),
    ),
    models.ShopRevision: _record(
        audited=False, many=_("Revision"), one=_("revision"), group=SYSTEM, in_menu=False, needs=_INTERNAL
    ),
}


def rules_for(model: type[Any]) -> Rules:
    """The model's exceptions, what a plugin's model says of itself in `__admin__`, or what holds for any."""
    return EXCEPTIONS.get(model) or Rules(**getattr(model, "__admin__", {}))
