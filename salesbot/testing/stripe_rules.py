"""What Stripe takes of a request, by the types of its own SDK and by its written limits."""

from __future__ import annotations

import re
import sys
import time
import types
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Union, get_args, get_origin, get_type_hints
from urllib.parse import parse_qsl, urlsplit

HALF_HOUR, DAY = 30 * 60, 24 * 60 * 60
THOUSANDTHS = {"bhd", "jod", "kwd", "omr", "tnd"}
LEAST = {"usd": 50, "eur": 50, "gbp": 30, "jpy": 50}
MOST = 99_999_999


@dataclass(frozen=True)
class Refusal:
    """How Stripe says no: the HTTP status, and the words of the error."""

    status: int
    message: str
    type: str = "invalid_request_error"
    code: str | None = None
    param: str | None = None

    @property
    def body(self) -> dict[str, Any]:
        """The answer's JSON."""
        error = {"type": self.type, "message": self.message, "code": self.code, "param": self.param}
        return {"error": {name: value for name, value in error.items() if value is not None}}


def form(body: str) -> dict[str, Any]:
    """The parameters of a form, `a[b][0]=c` as nested dicts (a list's places are its keys)."""
    found: dict[str, Any] = {}
    for name, value in parse_qsl(body, keep_blank_values=True):
        *path, last = re.findall(r"[^\[\]]+", name)
        place = found
        for step in path:
            place = place.setdefault(step, {})
        place[last] = value
    return found


def unknown(params: Mapping[str, Any], typed: type) -> str:
    """The first parameter that the SDK's own type does not know or knows otherwise, or nothing."""
    return _unknown(params, _hints(typed), "")


def _hints(typed: type) -> dict[str, Any]:
    """A TypedDict's own keys; those of the SDK's request options are never sent."""
    from stripe import RequestOptions

    own = {
        name: hint
        for name, hint in typed.__annotations__.items()
        if name not in RequestOptions.__annotations__
    }
    holder = type("Own", (), {"__annotations__": own})
    return get_type_hints(holder, globalns=vars(sys.modules[typed.__module__]))


def _unknown(params: Mapping[str, Any], hints: Mapping[str, Any], place: str) -> str:
    for name, value in params.items():
        path = f"{place}[{name}]" if place else name
        problem = path if name not in hints else _misfit(value, hints[name], path)
        if problem:
            return problem
    return ""


def _misfit(value: Any, hint: Any, path: str) -> str:
    origin = get_origin(hint)
    if origin in {Union, types.UnionType}:
        problems = [_misfit(value, option, path) for option in get_args(hint)]
        return "" if "" in problems else problems[0]
    if hasattr(hint, "__required_keys__"):  # a TypedDict, whichever module its maker is from
        return _unknown(value, _hints(hint), path) if isinstance(value, dict) else path
    if origin is list:
        if not isinstance(value, dict) or sorted(value) != sorted(map(str, range(len(value)))):
            return path
        (item,) = get_args(hint)
        return next((bad for n, one in value.items() if (bad := _misfit(one, item, f"{path}[{n}]"))), "")
    if origin is dict:
        return "" if isinstance(value, dict) and all(isinstance(v, str) for v in value.values()) else path
    if not isinstance(value, str):
        return path
    return _wrong_word(value, hint, path)


def _wrong_word(value: str, hint: Any, path: str) -> str:
    if hint is int:
        return "" if re.fullmatch(r"-?[0-9]+", value) else path
    if hint is bool:
        return "" if value in {"true", "false"} else path
    words = get_args(hint)
    return "" if not words or value in words else path


def session_refusal(params: Mapping[str, Any]) -> Refusal | None:
    """Why Stripe makes no Checkout Session of these parameters, or None."""
    from stripe.params.checkout import SessionCreateParams

    refusal = _not_known(params, SessionCreateParams)
    if refusal is not None:
        return refusal
    if params.get("mode") != "payment":
        return Refusal(400, "The stand-in takes payments only", param="mode")
    for name in ("success_url", "cancel_url"):
        if urlsplit(params.get(name, "")).scheme not in {"http", "https"}:
            return Refusal(400, "Not a valid URL", code="url_invalid", param=name)
    if len(params.get("client_reference_id", "")) > 200:
        return Refusal(400, "client_reference_id is too long", param="client_reference_id")
    ends = int(params.get("expires_at", time.time() + HALF_HOUR + 1))
    if not time.time() + HALF_HOUR <= ends <= time.time() + DAY:
        return Refusal(
            400, "`expires_at` must be between 30 minutes and 24 hours from now", param="expires_at"
        )
    for name, words in (
        ("metadata", params.get("metadata", {})),
        ("payment_intent_data[metadata]", params.get("payment_intent_data", {}).get("metadata", {})),
    ):
        if len(words) > 50 or any(len(key) > 40 or len(value) > 500 for key, value in words.items()):
            return Refusal(400, "Metadata is too long", param=name)
    return _lines_refusal(list(params.get("line_items", {}).values()))


def _lines_refusal(lines: list[dict[str, Any]]) -> Refusal | None:
    if not 1 <= len(lines) <= 100:
        return Refusal(400, "From 1 to 100 line items", param="line_items")
    currencies = {line.get("price_data", {}).get("currency", "") for line in lines}
    if len(currencies) > 1 or not re.fullmatch("[a-z]{3}", next(iter(currencies))):
        return Refusal(400, "One currency, in small letters", param="line_items[0][price_data][currency]")
    for n, line in enumerate(lines):
        data = line["price_data"]
        if not data.get("product_data", {}).get("name", "").strip() or int(data.get("unit_amount", -1)) < 0:
            return Refusal(400, "A line needs a name and an amount", param=f"line_items[{n}]")
        if int(line.get("quantity", 0)) < 1:
            return Refusal(400, "A line needs a quantity", param=f"line_items[{n}][quantity]")
    return amount_refusal(total(lines), next(iter(currencies)), "line_items")


def amount_refusal(amount: int, currency: str, param: str) -> Refusal | None:
    """Why Stripe takes no payment or refund of so much, or None."""
    if amount < LEAST.get(currency, 1) and param == "line_items":
        return Refusal(400, "Amount is too small", code="amount_too_small", param=param)
    if amount > MOST:
        return Refusal(400, "Amount is too large", code="amount_too_large", param=param)
    if (currency in THOUSANDTHS and amount % 10) or (currency == "isk" and amount % 100):
        return Refusal(400, "The last digits must be 0", code="parameter_invalid_integer", param=param)
    return None


def total(lines: list[dict[str, Any]]) -> int:
    """What all line items cost together, as Stripe counts."""
    return sum(int(line["price_data"]["unit_amount"]) * int(line["quantity"]) for line in lines)


def refund_refusal(params: Mapping[str, Any]) -> Refusal | None:
    """Why Stripe reads no refund in these parameters, or None."""
    from stripe.params import RefundCreateParams

    refusal = _not_known(params, RefundCreateParams)
    if refusal is None and int(params.get("amount", 1)) < 1:
        return Refusal(400, "Invalid positive integer", code="parameter_invalid_integer", param="amount")
    return refusal


def _not_known(params: Mapping[str, Any], typed: type) -> Refusal | None:
    name = unknown(params, typed)
    if not name:
        return None
    return Refusal(400, f"Received unknown parameter: {name}", code="parameter_unknown", param=name)
