"""What Twilio's documents say about messages to WhatsApp, as a check of what it is sent."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

ADDRESS = re.compile(r"whatsapp:(\+\d{6,15}|[A-Z]{2}\.[A-Za-z0-9]{1,128})")
CONTENT_SID = re.compile(r"HX[0-9a-fA-F]{32}")
LONGEST = 1600
MOST_PICTURES = 10
MOST_IN_ANSWER = 10
KNOWN = frozenset(
    {
        *("To", "From", "Body", "MediaUrl", "StatusCallback", "ContentSid", "ContentVariables"),
        *("MessagingServiceSid", "ValidityPeriod", "ProvideFeedback", "Attempt", "SmartEncoded"),
        *("PersistentAction", "ApplicationSid", "SendAt", "ScheduleType", "ShortenUrls", "Tags"),
    }
)
"""The parameters of a new message in Twilio's OpenAPI document that a shop may have a use for."""


@dataclass(frozen=True)
class Refusal:
    """What Twilio answers to a request that it does not take."""

    status: int
    code: int
    message: str


def size(text: str) -> int:
    """A body's length as Twilio counts it, in UTF-16 units: some emoji count twice."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def refusal(form: Mapping[str, Sequence[str]], number: str) -> Refusal | None:
    """Why a new message would be refused at once, or None; `number` is the shop's own."""
    body, pictures = _one(form, "Body"), form.get("MediaUrl", ())
    if not ADDRESS.fullmatch(_one(form, "To")):
        return Refusal(400, 21211, f"Invalid 'To' Phone Number: {_one(form, 'To')}")
    if _one(form, "From") != number:
        return Refusal(400, 63007, "Could not find a Channel with the specified From address")
    if not (body or pictures or "ContentSid" in form):
        return Refusal(400, 21619, "A text message body or media urls must be specified.")
    if size(body) > LONGEST:
        return Refusal(400, 21617, "The concatenated message body exceeds the 1600 character limit")
    if len(pictures) > MOST_PICTURES:
        return Refusal(400, 21623, "Number of media files exceeds allowed limit")
    if not all(is_address(url) for url in pictures):
        return Refusal(400, 21620, "Invalid media URL(s)")
    if "StatusCallback" in form and not is_address(_one(form, "StatusCallback")):
        return Refusal(400, 21609, "The StatusCallback URL is not a valid URL")
    if "ContentSid" in form and not CONTENT_SID.fullmatch(_one(form, "ContentSid")):
        return Refusal(400, 21655, "The ContentSid is invalid")
    if "ContentVariables" in form and not _are_variables(_one(form, "ContentVariables")):
        return Refusal(400, 21656, "The ContentVariables parameter is invalid")
    return None


def passed_over(form: Mapping[str, Sequence[str]]) -> list[str]:
    """What Twilio or WhatsApp would silently leave out of a new message."""
    found = [f"the parameter {name} does not exist" for name in form if name not in KNOWN]
    found += [
        f"{name} is given {len(values)} times"
        for name, values in form.items()
        if len(values) > 1 and name != "MediaUrl"
    ]
    if len(form.get("MediaUrl", ())) > 1:
        found.append("WhatsApp shows one picture a message and drops the others")
    if "ContentSid" in form and ("Body" in form or "MediaUrl" in form):
        found.append("Body and MediaUrl don't go with ContentSid")
    return found


def is_address(url: str) -> bool:
    """Whether Twilio could call this address: absolute, a host without underscores, no white space."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    host = parts.hostname or ""
    return parts.scheme in {"http", "https"} and bool(host) and "_" not in host and not re.search(r"\s", url)


def wrong_in_answer(status: int, content_type: str, body: str) -> list[str]:
    """What Twilio would not take in the answer to a customer's message."""
    if status != 200:
        return [f"11200: the webhook answered {status}"]
    if content_type.partition(";")[0] not in {"text/xml", "application/xml"}:
        return [f"12300: the webhook answered with {content_type!r}"]
    try:
        root = ET.fromstring(body)  # noqa: S314 - our own answer, not a stranger's
    except ET.ParseError as exc:
        return [f"12100: the TwiML can't be read: {exc}"]
    found = [f"12200: <{verb.tag}> is no verb of messages" for verb in root if verb.tag != "Message"]
    messages = root.findall("Message")
    if len(messages) > MOST_IN_ANSWER:
        found.append(f"14109: {len(messages)} messages in one answer")
    for message in messages:
        text = "".join(part.text or "" for part in message.findall("Body"))
        media = [part.text or "" for part in message.findall("Media")]
        if not (text.strip() or media):
            found.append("14103: a message with nothing in it")
        if size(text) > LONGEST:
            found.append(f"14103: a message of {size(text)} characters")
        if len(media) > 1 or not all(map(is_address, media)):
            found.append(f"media that can't be sent: {media}")
        if "action" in message.attrib and not is_address(message.attrib["action"]):
            found.append(f"a status address that can't be called: {message.attrib['action']}")
    return found


def _one(form: Mapping[str, Sequence[str]], name: str) -> str:
    return form[name][0] if form.get(name) else ""


def _are_variables(text: str) -> bool:
    try:
        variables = json.loads(text)
    except ValueError:
        return False
    return isinstance(variables, dict) and all(isinstance(v, str) and v for v in variables.values())
