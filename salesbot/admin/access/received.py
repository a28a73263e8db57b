"""Opens what customers sent: fetched from Twilio for staff, shown when it is a picture, else a download."""

from __future__ import annotations

import logging
from io import BytesIO
from typing import Any

from flask import Response, abort, send_file
from flask_babel import gettext

from salesbot.admin.access.security import explained
from salesbot.admin.shown.noted import because
from salesbot.channels.twilio_media import SHOWN, fetch
from salesbot.errors import NotSent
from salesbot.extensions import db
from salesbot.models import Message
from salesbot.services import attachments, file_names

log = logging.getLogger(__name__)

_ENDINGS = {
    "application/pdf": ".pdf",
    "audio/ogg": ".ogg",
    "audio/mpeg": ".mp3",
    "audio/amr": ".amr",
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "text/vcard": ".vcf",
    "video/mp4": ".mp4",
}
_HEARD = ("audio/", "video/")
KEPT_SECONDS = 3600
"""A browser may keep it as long, so that a chat which renews itself does not fetch it again."""


def is_shown(content_type: str) -> bool:
    """Whether a medium is a picture that pages show."""
    return content_type.startswith("image") and (content_type == "image" or content_type in SHOWN)


def is_heard(content_type: str) -> bool:
    """Whether a medium is a voice note or video that pages play."""
    return content_type.startswith(_HEARD)


def opened(message: Message, number: int) -> Any:
    """The medium `number` of a message: shown or played where that is safe, else downloaded."""
    if not 0 <= number < len(message.media):
        abort(404)
    url, moment = message.media[number]["url"], message.created_at
    # Nothing of the database is held while somebody else is asked.
    db.session.rollback()
    try:
        body, kind = attachments.read(url) if attachments.is_attachment(url) else fetch(url)
    except NotSent as exc:
        log.warning("a medium could not be fetched: %s", exc)
        return explained(404, gettext("This file can't be fetched: %(why)s.", why=because(exc)))
    name = attachments.name_of(url) or f"{moment:%Y-%m-%d-%H%M}{_ENDINGS.get(kind, '')}"
    return _safe(
        send_file(
            BytesIO(body),
            mimetype=kind if is_shown(kind) or is_heard(kind) else "application/octet-stream",
            as_attachment=not (is_shown(kind) or is_heard(kind)),
            download_name=file_names.kept_as(name),
        )
    )


def _safe(answer: Response) -> Response:
    answer.headers["Cache-Control"] = f"private, max-age={KEPT_SECONDS}"
    return answer
