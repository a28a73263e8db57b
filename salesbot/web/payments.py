"""Where payment providers report: verified and read by the method's plugin, written by the core."""

from __future__ import annotations

import logging

from flask import Blueprint, Response, abort, request

from salesbot import fulfilment, plugin_manager
from salesbot.errors import DatabaseBusy, PluginProblem
from salesbot.extensions import csrf, in_transaction
from salesbot.messages import NotFromProvider, PaymentEvent

log = logging.getLogger(__name__)

blueprint = Blueprint("payments", __name__, url_prefix="/webhooks/payments")
csrf.exempt(blueprint)


@blueprint.post("/<method>")
def events(method: str) -> Response:
    """Takes a provider's events; 400 when it is not the provider's, 500 so that it tries again."""
    found = fulfilment.method_named(method)
    if found is None:
        abort(404)
    plugin, provider = found

    def read() -> list[PaymentEvent]:
        seen = list(provider.events(request))
        if not all(isinstance(event, PaymentEvent) for event in seen):
            raise PluginProblem(f"{plugin.name}: events yields PaymentEvent objects only")
        return seen

    try:
        seen = plugin_manager.current().call_outside(plugin, "PaymentMethod.events", read)
    except NotFromProvider as exc:
        log.warning("refused a request that is not from %s: %s", method, exc)
        abort(400)
    except Exception:
        log.exception("plugin %s could not read an event of %s", plugin.name, method)
        abort(500)
    try:
        for event in seen:
            in_transaction(lambda event=event: fulfilment.take_event(method, event), repeatable=True)  # type: ignore[misc]
    except DatabaseBusy:
        abort(503)
    return Response(status=204)
