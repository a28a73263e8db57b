"""Where payment providers report: verified and read by the method's plugin, written by the core."""

from __future__ import annotations

import logging
from typing import NoReturn

from flask import Blueprint, Response, abort, request
from werkzeug.exceptions import HTTPException

from salesbot import fulfilment, plugin_manager
from salesbot.asking import said_by
from salesbot.errors import DatabaseBusy, PluginProblem
from salesbot.extensions import csrf, in_transaction
from salesbot.messages import NotFromProvider, PaymentEvent, PaymentMethod
from salesbot.plugin_loading import Plugin

log = logging.getLogger(__name__)

HOOK = "PaymentMethod.events"

blueprint = Blueprint("payments", __name__, url_prefix="/webhooks/payments")
csrf.exempt(blueprint)


@blueprint.post("/<method>")
def events(method: str) -> Response:
    """Takes a provider's events.

    400 when it is not the provider's. 500 when the plugin fails, 503 while it is off or the database
    is busy: providers then report again, and no money is overlooked.
    """
    try:
        found = fulfilment.method_named(method)
        if found is None:
            abort(503 if fulfilment.may_come_back(method) else 404)
        plugin, provider = found
        taken = [_take(plugin, method, event) for event in _read(plugin, provider)]
    except DatabaseBusy:
        abort(503)
    if not all(taken):
        abort(500)
    return Response(status=204)


def _read(plugin: Plugin, provider: PaymentMethod) -> list[PaymentEvent]:
    """What a request says, in the plugin's words; whatever it raises becomes a status."""

    def read() -> list[PaymentEvent]:
        seen = list(provider.events(request))
        if not all(isinstance(event, PaymentEvent) for event in seen):
            raise PluginProblem("events yields PaymentEvent objects only")
        return seen

    try:
        found: list[PaymentEvent] = plugin_manager.current().call_outside(plugin, HOOK, read)
    except NotFromProvider as exc:
        log.warning("refused a request that is not from %s: %s", provider.name, said_by(exc))
        abort(400)
    except (KeyboardInterrupt, DatabaseBusy):
        raise
    except (ConnectionError, TimeoutError) as exc:
        log.warning("plugin %s gets no answer in %s: %s", plugin.name, HOOK, said_by(exc))
        abort(503)
    except HTTPException as exc:
        # Such as a body that is too large or no JSON: anybody can send one, and no plugin is to blame.
        if exc.code is not None and 400 <= exc.code < 500:
            raise
        _fail(plugin, exc)
    except BaseException as exc:  # noqa: BLE001 - whatever a plugin raises stays with it
        _fail(plugin, exc)
    return found


def _fail(plugin: Plugin, exc: BaseException) -> NoReturn:
    fulfilment.failed(plugin, HOOK, exc)
    abort(500)


def _take(plugin: Plugin, method: str, event: PaymentEvent) -> bool:
    """Whether an event could be taken; if not, it is the plugin's failure, and staff hear of it."""
    try:
        in_transaction(lambda: fulfilment.take_event(method, event), repeatable=True)
    except PluginProblem as exc:
        why = str(exc)
        fulfilment.failed(plugin, HOOK, exc)
        in_transaction(lambda: fulfilment.not_taken(method, event, why))
        return False
    return True
