"""Checks of the way to WhatsApp: account, clock, number, and whether the webhook is reached."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import partial
from typing import TYPE_CHECKING

from salesbot.channels import twilio, twilio_senders
from salesbot.channels.twilio_api import Account, account, ask
from salesbot.doctor.checks import BAD, GOOD, NOTE, WARN, Check
from salesbot.doctor.shop import when_ready
from salesbot.errors import NotSent, SendUnknown
from salesbot.public_address import base_url
from salesbot.texts import plural_translator, translator

if TYPE_CHECKING:
    import requests

_ = translator("salesbot")
_n = plural_translator("salesbot")

CLOCK_MAY_DIFFER = timedelta(seconds=60)


def connected() -> Account | None:
    """The connected account, None without a whole one or a database."""
    with when_ready() as ready:
        of = account() if ready else None
    return of if of is not None and of.is_complete else None


def credentials() -> Check:
    """Whether Twilio knows this account and its token."""
    check, of = partial(Check, "twilio", _("Twilio account")), connected()
    if of is None:
        return check(
            NOTE,
            _("None is connected: the phone in the browser works, WhatsApp does not."),
            _("In the back office, open “Connect WhatsApp”."),
        )
    answer = _asked(of)
    if answer is None:
        return check(
            BAD,
            _("Twilio can't be reached."),
            _("Is this machine connected to the internet?"),
        )
    if answer.status_code in {401, 403, 404}:
        return check(
            BAD,
            _("Twilio does not accept this account SID with this token (20003)."),
            _("Copy both again from the first page of Twilio's console. Mind which project is open there."),
        )
    if answer.status_code != 200:
        said = _("Twilio answered {status}.").format(status=answer.status_code)
        return check(WARN, said, _("Try again in a few minutes."))
    state = str(answer.json().get("status", "active"))
    if state != "active":
        return check(
            BAD,
            _("The account is {state}.").format(state=state),
            _("Twilio's console says why, and what it needs."),
        )
    return check(GOOD, _("Twilio knows the account and its token."))


def time() -> Check | None:
    """Whether this machine's clock is right, as far as Twilio's is."""
    of = connected()
    answer = _asked(of) if of is not None else None
    if answer is None or "Date" not in answer.headers:
        return None
    check = partial(Check, "clock", _("Clock"))
    theirs = parsedate_to_datetime(answer.headers["Date"]).astimezone(UTC)
    differs = abs(datetime.now(UTC) - theirs)
    if differs > CLOCK_MAY_DIFFER:
        return check(
            BAD,
            _("It differs from Twilio's by {seconds} seconds.").format(seconds=int(differs.total_seconds())),
            _("Let the machine set its clock by itself, for example with `timedatectl set-ntp true`."),
        )
    return check(GOOD, _("It is right."))


def number() -> Check | None:
    """Whether messages can go out from the shop's number, and come in to the right address."""
    check, of = partial(Check, "number", _("WhatsApp number")), connected()
    if of is None:
        return None
    shown = of.number.removeprefix("whatsapp:")
    if of.number == twilio_senders.SANDBOX:
        return check(
            NOTE,
            _("{number} is Twilio's sandbox, which is for trying.").format(number=shown),
            _("Each phone must join it with its two words, again after three days."),
        )
    try:
        sender = twilio_senders.find(of)
    except (NotSent, SendUnknown) as exc:
        return check(WARN, _("Twilio did not say: {why}").format(why=exc), _("Try again later."))
    if sender is None:
        return check(
            BAD,
            _("{number} is no WhatsApp sender of this account (63007).").format(number=shown),
            _("Type the number as it stands in Twilio's console under Messaging, Senders, WhatsApp senders."),
        )
    if not sender.is_online:
        return check(
            BAD,
            _("WhatsApp does not let {number} send now: {state}.").format(number=shown, state=sender.status),
            _("Twilio's console says why, under WhatsApp senders."),
        )
    if sender.callback.partition("#")[0] != message_address().partition("#")[0]:
        return check(
            BAD,
            _("Messages to {number} go to {address}.").format(
                number=shown, address=sender.callback or _("nobody")
            ),
            _("Press “Set them at Twilio” on the page “Connect WhatsApp”."),
        )
    return check(GOOD, _("{number} sends, and its messages come here.").format(number=shown))


def webhook() -> Check | None:
    """Whether a call that Twilio would sign reaches this shop from outside, and is believed."""
    check, of = partial(Check, "webhook", _("Webhook")), connected()
    if of is None:
        return None
    with when_ready():
        address = f"{base_url()}/webhooks/twilio/status"
    status = _call_ourselves(address, of)
    if status == 204:
        return check(GOOD, _("A signed call to {address} arrives.").format(address=address))
    if status == 403:
        return check(
            BAD,
            _("A signed call arrives, but its signature does not fit."),
            _("Another shop or another process answers there, with another token or another PUBLIC_URL."),
        )
    if status is None:
        return check(
            BAD,
            _("{address} can't be reached from here (11205).").format(address=address),
            _("Is the shop running, is the tunnel open, does the name lead here, is its certificate valid?"),
        )
    return check(
        BAD,
        _("{address} answers {status}: something else than this shop.").format(
            address=address, status=status
        ),
        _("Look at where the proxy or tunnel leads, and whether the path is passed on whole."),
    )


def message_address() -> str:
    """What belongs into Twilio's field for incoming messages, with how it is to try again."""
    return f"{base_url()}/webhooks/twilio/message{twilio.RETRY_SETTINGS}"


def status_address() -> str:
    """What belongs into its field for the status callback."""
    return f"{base_url()}/webhooks/twilio/status{twilio.RETRY_SETTINGS}"


def _asked(of: Account) -> requests.Response | None:
    import requests  # noqa: PLC0415 - costs time where nothing is asked

    try:
        return ask(of, f"/2010-04-01/Accounts/{of.sid}.json")
    except requests.RequestException:
        return None


def _call_ourselves(address: str, of: Account) -> int | None:
    """The status that our webhook answers to a signed call which means nothing; None: not reached."""
    import requests  # noqa: PLC0415 - as above
    from twilio.request_validator import RequestValidator  # noqa: PLC0415 - as above

    form = {"AccountSid": of.sid, "MessageStatus": "sent"}
    signature = RequestValidator(of.tokens[0]).compute_signature(address, form)
    try:
        answer = requests.post(
            address,
            data=form,
            headers={"X-Twilio-Signature": signature},
            timeout=10,
            allow_redirects=False,
        )
    except requests.RequestException:
        return None
    return answer.status_code


CHECKS: tuple[Callable[[], Check | None], ...] = (
    credentials,
    time,
    number,
    webhook,
)
