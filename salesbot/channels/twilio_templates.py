"""Approved templates at Twilio: makes them, submits them to WhatsApp, and reads what became of them."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

from salesbot.channels import Outgoing, TemplateSeen
from salesbot.channels.render import sendable
from salesbot.channels.twilio_api import Account, call, client
from salesbot.errors import NotSent, SendUnknown

_MOST = 500
_CATEGORY = "UTILITY"
"""About an order that somebody placed; advertising is another category, with rules of its own."""
_LANGUAGES = {"pt": "pt_BR", "zh": "zh_CN"}
"""WhatsApp knows these only with a country."""


def sending(message: Outgoing) -> dict[str, str]:
    """The parameters with which a template is sent; no value of its may be empty or hold a line break."""
    values = {
        str(number): " ".join(sendable(value).split()) or "-"
        for number, value in enumerate(message.values, 1)
    }
    return {
        "content_sid": message.template_sid,
        **({"content_variables": json.dumps(values)} if values else {}),
    }


def all_of(of: Account) -> list[TemplateSeen]:
    """Every template of the account that was ever submitted to WhatsApp."""
    contents = client(of).content.v1.content_and_approvals
    found = call(lambda: contents.list(limit=_MOST))
    return [seen for content in found if (seen := _seen(content)) is not None]


def _seen(content: Any) -> TemplateSeen | None:
    approval = content.approval_requests or {}
    text = next((parts["body"] for parts in content.types.values() if parts and parts.get("body")), "")
    if approval.get("status", "unsubmitted") == "unsubmitted" or not text:
        return None
    return TemplateSeen(
        sid=content.sid,
        name=approval.get("name") or content.friendly_name or "",
        language=content.language,
        text=text,
        status=approval["status"],
        reason=approval.get("rejection_reason") or "",
    )


def make(of: Account, name: str, language: str, text: str, samples: dict[str, str]) -> TemplateSeen:
    """Makes a template and submits it to WhatsApp; NotSent or SendUnknown when Twilio does not.

    `samples` are what its places may hold, by place: whoever approves it looks at them.
    """
    from twilio.rest.content.v1.content import ContentList  # noqa: PLC0415 - the SDK is heavy
    from twilio.rest.content.v1.content.approval_create import ApprovalCreateList  # noqa: PLC0415

    code = _LANGUAGES.get(language, language)
    contents = client(of).content.v1.contents
    request = ContentList.ContentCreateRequest(
        {
            "friendly_name": name,
            "language": code,
            "variables": samples,
            "types": {"twilio/text": {"body": text}},
        }
    )
    sid = str(call(lambda: contents.create(request)).sid)
    wanted = ApprovalCreateList.ContentApprovalRequest({"name": name, "category": _CATEGORY})
    try:
        answer = call(lambda: contents(sid).approval_create.create(wanted))
    except (NotSent, SendUnknown):
        with suppress(NotSent, SendUnknown):  # what nobody will approve is not left lying about
            call(contents(sid).delete)
        raise
    return TemplateSeen(sid, name, code, text, answer.status or "received", answer.rejection_reason or "")
