"""Buttons and lists at Twilio: a small set of templates for all messages, made once, filled per message."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from typing import Any

from flask import current_app
from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite

from salesbot import clock
from salesbot.channels import Outgoing, buttons
from salesbot.channels.render import sendable
from salesbot.channels.twilio_api import Account, call, client
from salesbot.database import db, in_transaction, reading, table
from salesbot.errors import NotSent, SendUnknown
from salesbot.models import ContentTemplate
from salesbot.texts import speaking, translator

log = logging.getLogger(__name__)
_ = translator("salesbot")

_TEMPLATE = table(ContentTemplate)

NO_DETAIL = "–"
"""Stands under a line without a detail where a later line has one: no variable may be empty."""
_VERSION = "v1"
_LOOKED_THROUGH = 500
"""Of the account's templates, when one of ours is looked for."""


@dataclass(frozen=True)
class Shape:
    """What a template can hold: `rows` buttons or lines, the first `details` of them with a second line."""

    style: str
    rows: int
    details: int = 0

    @property
    def name(self) -> str:
        """Its name in Twilio's console and in our table."""
        return f"salesbot_{self.style}_{self.rows}_{self.details}_{_VERSION}"


def shape_of(message: Outgoing) -> Shape:
    """The template that a message with buttons or a list needs."""
    if message.style == buttons.BUTTONS:
        return Shape(message.style, len(message.choices))
    details = [number for number, choice in enumerate(message.choices, 1) if choice.detail.strip()]
    return Shape(message.style, len(message.choices), details[-1] if details else 0)


def definition(shape: Shape) -> dict[str, Any]:
    """The template as Twilio's Content API takes it: everything in it is a variable."""
    if shape.style == buttons.BUTTONS:
        kind = "twilio/quick-reply"
        actions = [
            {"type": "QUICK_REPLY", "id": f"{{{{{2 * n}}}}}", "title": f"{{{{{2 * n + 1}}}}}"}
            for n in range(1, shape.rows + 1)
        ]
        content: dict[str, Any] = {"body": "{{1}}", "actions": actions}
        last = 1 + 2 * shape.rows
    else:
        kind = "twilio/list-picker"
        items, last = [], 2
        for row in range(1, shape.rows + 1):
            names = ["id", "item", *(["description"] if row <= shape.details else [])]
            items.append({name: f"{{{{{last + n}}}}}" for n, name in enumerate(names, 1)})
            last += len(names)
        content = {"body": "{{1}}", "button": "{{2}}", "items": items}
    return {
        "friendly_name": shape.name,
        "language": "en",
        "variables": {str(n): "…" for n in range(1, last + 1)},
        # With slashes: the SDK silently drops what is called twilio_list_picker.
        "types": {kind: content},
    }


def variables(shape: Shape, message: Outgoing) -> str:
    """What fills the template for this message, as JSON; Twilio takes no empty value."""
    values = [sendable(message.text)]
    if shape.style == buttons.LIST:
        values.append(list_label(message.language))
    for row, choice in enumerate(message.choices, 1):
        values += [choice.id, buttons.one_line(sendable(choice.title))]
        if row <= shape.details:
            values.append(buttons.detail(choice) or NO_DETAIL)
    return json.dumps({str(number): value for number, value in enumerate(values, 1)})


def list_label(language: str) -> str:
    """What stands on the button that opens a list; at most 20 characters."""
    with speaking(language):
        return _("Choose")[: buttons.LONGEST_BUTTON]


def sid_of(shape: Shape, of: Account) -> str:
    """Twilio's id of the template, which is made there when there is none yet.

    NotSent or SendUnknown when that does not work; no message has gone out then.
    """
    known: dict[tuple[str, str], str] = current_app.extensions.setdefault("salesbot.templates", {})
    key = (of.sid, shape.name)
    if key not in known:
        with reading():
            stored = db.session.scalar(
                select(ContentTemplate.sid).where(
                    ContentTemplate.account == of.sid, ContentTemplate.shape == shape.name
                )
            )
            db.session.rollback()
        known[key] = stored or _made(shape, of)
    return known[key]


def _made(shape: Shape, of: Account) -> str:
    """Finds or makes the template; of two processes at once one wins, and the other tidies up."""
    contents = client(of).content.v1.contents
    there = call(lambda: contents.list(limit=_LOOKED_THROUGH))
    sid = next((content.sid for content in there if content.friendly_name == shape.name), None)
    is_new = sid is None
    if sid is None:
        from twilio.rest.content.v1.content import ContentList  # noqa: PLC0415 - the SDK is heavy

        request = ContentList.ContentCreateRequest(definition(shape))
        sid = str(call(lambda: contents.create(request)).sid)
        log.info("made the template %s at Twilio", shape.name)
    kept = in_transaction(lambda: _keep(of.sid, shape.name, sid), repeatable=True)
    if is_new and kept != sid:
        try:
            call(contents.get(sid).delete)
        except (NotSent, SendUnknown) as exc:
            log.warning("a second template %s stays at Twilio: %s", shape.name, exc)
    return kept


def _keep(account: str, shape: str, sid: str) -> str:
    """The id that counts: this one, or the one that was kept a moment before."""
    connection = db.session.connection()
    upsert = {"sqlite": sqlite, "postgresql": postgresql}[connection.dialect.name].insert
    values = {"account": account, "shape": shape, "sid": sid, "created_at": clock.now()}
    connection.execute(upsert(_TEMPLATE).values(values).on_conflict_do_nothing())
    where = (_TEMPLATE.c.account == account, _TEMPLATE.c.shape == shape)
    return str(connection.execute(select(_TEMPLATE.c.sid).where(*where)).scalar_one())


def forget(shape: Shape, of: Account, sid: str) -> None:
    """Twilio does not have this template any more, or does not take it."""
    current_app.extensions.get("salesbot.templates", {}).pop((of.sid, shape.name), None)
    gone = delete(_TEMPLATE).where(
        _TEMPLATE.c.account == of.sid, _TEMPLATE.c.shape == shape.name, _TEMPLATE.c.sid == sid
    )
    in_transaction(lambda: db.session.connection().execute(gone), repeatable=True)
    log.warning("the template %s is made again", shape.name)
