"""The inbox: the list of conversations, and one that reads like a chat, with all about its customer."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import zip_longest
from typing import Any
from zlib import crc32

from flask import abort, jsonify, request
from flask_admin import expose
from flask_login import current_user
from markupsafe import Markup
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from salesbot.admin.access import asked, received
from salesbot.admin.access.roles import may, staff_name
from salesbot.admin.inbox import chat_log
from salesbot.admin.inbox.chat_actions import LONGEST_REPLY, ChatActions
from salesbot.admin.rows.views import ShopModelView
from salesbot.admin.sales.order_facts import facts_of
from salesbot.admin.shown import formatters, kept_words
from salesbot.admin.shown.reasons import reason
from salesbot.channels import registry
from salesbot.extensions import db
from salesbot.models import Conversation, Label, Message, MessageTemplate, Order
from salesbot.models.conversations import TROUBLE
from salesbot.services import canned, consent, inbox, inbox_list, presence, shop, templates
from salesbot.services.conversations import window_is_open

ORDERS = 4
"""Orders beside a chat; the customer's page has all."""
AGREEMENTS = 5
"""What was agreed to, beside a chat; the customer's page has more."""
PARTS = {"list": "inbox_list", "log": "chat_log", "head": "chat_head", "side": "chat_side"}
"""What a chat's page renews by itself, and the template of each part."""
_TOKEN = re.compile(r'name="csrf_token" value="[^"]*"')


class ConversationView(ChatActions, ShopModelView):
    """`/admin/conversation/` is the inbox; a click opens one chat beside the list."""

    list_template = "admin/inbox.html"
    details_template = "admin/chat.html"

    @expose("/")
    def index_view(self) -> Any:
        """The list alone."""
        return self.render(self.list_template, **self._list(0))

    @expose("/details/")
    def details_view(self) -> Any:
        """One chat between the list and what is known about its customer."""
        found: Conversation | None = self.get_one(request.args.get("id", ""))
        if found is None:
            abort(404)
        return self.chat_page(found.id)

    def chat_page(self, id: int, *, draft: str = "") -> Any:
        """The page of the chat; `draft` is what was typed and not sent."""
        chat = self._chat(id)
        shown = {**self._list(id), **self._about(chat)}
        parts = self._rendered(PARTS, shown)
        return self.render(
            self.details_template,
            draft=draft,
            ready_answers=canned.for_chat(chat, staff_name()),
            templates=_templates(chat),
            longest=LONGEST_REPLY,
            parts=parts,
            versions={name: _version(html) for name, html in parts.items()},
            **shown,
        )

    @expose("/news")
    def list_news(self) -> Any:
        """The list, if it is not as the page has it."""
        return self._news({"list": self.render("admin/inbox_list.html", **self._list(0))})

    @expose("/<int:id>/news")
    def news(self, id: int) -> Any:
        """Those parts of a chat's page that are not as the page has them."""
        chat = self._chat(id)
        names = [name for name in PARTS if name in request.args]
        shown = self._about(chat, with_orders="side" in names)
        if "list" in names:
            shown |= self._list(chat.id)
        else:
            shown |= {**_LOOKS, "kept": self._wanted()[1], "all_labels": _labels()}
        return self._news(self._rendered(names, shown))

    @expose("/<int:id>/media/<int:message>/<int:number>")
    def media(self, id: int, message: int, number: int) -> Any:
        """A picture or file of this chat."""
        found = db.session.get(Message, message)
        if found is None or found.conversation_id != self._chat(id).id:
            abort(404)
        return received.opened(found, number)

    def _rendered(self, names: Iterable[str], shown: dict[str, Any]) -> dict[str, Markup]:
        """Parts of a chat's page, by their names; a template has escaped what is in them."""
        return {name: Markup(self.render(f"admin/{PARTS[name]}.html", **shown)) for name in names}  # noqa: S704

    def _news(self, parts: Mapping[str, str]) -> Any:
        news = {}
        for name, html in parts.items():
            version = _version(html)
            if request.args.get(name) != version:
                news[name] = {"version": version, "html": html}
        return jsonify(news)

    def _wanted(self) -> tuple[inbox_list.Wanted, dict[str, Any]]:
        """What the address asks the list to show, and the same for links that keep it."""
        show = request.args.get("show", "all")
        wanted = inbox_list.Wanted(
            show if show in inbox_list.SHOWS else "all",
            _whole("label"),
            request.args.get("search", "").strip()[:100],
            min(_whole("page"), inbox_list.LAST_PAGE),
        )
        kept = {"show": wanted.show, "label": wanted.label, "search": wanted.words, "page": wanted.page}
        return wanted, {name: value for name, value in kept.items() if value and value != "all"}

    def _list(self, open_id: int) -> dict[str, Any]:
        """The list as the address asks for it; `open_id` is the chat that is open beside it."""
        wanted, kept = self._wanted()
        return {
            "wanted": wanted,
            "kept": kept,
            "listed": inbox_list.find(wanted, current_user.id),
            "open_id": open_id,
            "all_labels": _labels(),
            "preview": formatters.preview,
            **_LOOKS,
        }

    def _about(self, chat: Conversation, *, with_orders: bool = True) -> dict[str, Any]:
        """The chat and everything beside it."""
        hours = registry.window_hours(chat.channel, chat.address)
        bought = select(Order).where(Order.customer_id == chat.customer_id).order_by(Order.id.desc())
        bought = bought.options(selectinload(Order.lines)).limit(ORDERS + 1)
        orders = db.session.scalars(bought).all() if with_orders else []
        return {
            "chat": chat,
            "name": chat.customer.name or formatters.phone(chat.address),
            "log": chat_log.read(chat.id, asked.number(request.args, "before")),
            "orders": facts_of(orders[:ORDERS]) if orders else [],
            "more_orders": len(orders) > ORDERS,
            "agreements": consent.history(chat.customer_id, AGREEMENTS) if with_orders else [],
            "window_open": window_is_open(chat.last_inbound_at, hours),
            "window_ends": _window_ends(chat, hours),
            "colleagues": inbox.colleagues(),
            "others": presence.others(chat.id, current_user.id),
        }


_LOOKS = {
    "chat_text": formatters.chat_text,
    "reason": reason,
    "ticks": chat_log.TICKS,
    "trouble_states": TROUBLE,
    "is_shown": received.is_shown,
    "is_heard": received.is_heard,
    "local": formatters.local,
    "agreed_words": kept_words.agreed,
    "came_from": formatters.came_from,
    "may": may,
}


def _labels() -> Sequence[Label]:
    return db.session.scalars(select(Label).order_by(Label.name)).all()


def _version(html: str) -> str:
    """Tells whether a part has changed; a form's token changes each time and does not count."""
    return str(crc32(_TOKEN.sub("", html).encode()))


def _window_ends(chat: Conversation, hours: int | None) -> datetime | None:
    """When free text may no longer be sent; None where it always may."""
    if hours is None or chat.last_inbound_at is None:
        return None
    return chat.last_inbound_at + timedelta(hours=hours)


def _templates(chat: Conversation) -> list[tuple[MessageTemplate, list[tuple[str, str]]]]:
    """The approved templates, each with its places and what we would fill them with."""
    order = db.session.scalar(
        select(Order).where(Order.customer_id == chat.customer_id).order_by(Order.id.desc()).limit(1)
    )
    known = templates.values_for(order) if order is not None else [chat.customer.name, "", ""]
    return [
        (template, list(zip_longest(places, known[: len(places)], fillvalue="")))
        for template in templates.approved(shop.setting("TWILIO_ACCOUNT_SID"))
        for places in [templates.places(template.text)]
    ]


def _whole(name: str) -> int:
    return asked.number(request.args, name) or 0
