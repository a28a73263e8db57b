"""The one door through which an order changes its state, and the telling that follows."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace

from salesbot import clock, logs, outbox, plugin_manager, turns
from salesbot.database import db
from salesbot.errors import WrongState
from salesbot.messages import Reply
from salesbot.models import Order
from salesbot.replies import checked_replies
from salesbot.services import orders
from salesbot.texts import speaking

log = logging.getLogger(__name__)

NEXT: dict[str, frozenset[str]] = {
    "pending": frozenset({"paid", "expired", "cancelled"}),
    "expired": frozenset({"paid"}),
    "paid": frozenset({"fulfilled", "cancelled"}),
    "fulfilled": frozenset({"cancelled"}),
    "cancelled": frozenset(),
}
"""Which state may follow which; an expired order may still be paid when its goods are there."""


def is_payable(order: Order) -> bool:
    """Whether a payment may be started now."""
    return order.state == "pending" and order.expires_at > clock.now()


@dataclass
class Changes:
    """What happened to one order in this transaction, to be told at its end."""

    order: Order
    states: list[tuple[str, str]] = field(default_factory=list)

    def move(self, new: str, *, who: str, why: str = "") -> None:
        """Changes the state of a locked order and writes its timeline; WrongState when it may not."""
        order, old = self.order, self.order.state
        if new not in NEXT[old]:
            raise WrongState(
                "order {number} is {old}; it can't become {new}", number=order.number, old=old, new=new
            )
        moment = clock.now()
        order.state = new
        if new == "paid":
            order.paid_at = moment
        elif new == "fulfilled":
            order.fulfilled_at = moment
        else:
            order.closed_at = moment
        orders.note(order, who, f"{old} → {new}", why)
        db.session.flush()
        with logs.about(order=order.number):
            log.info("order %s → %s by %s", old, new, who)
        self.states.append((old, new))

    def tell(self, first: Reply | None = None, use: str = "", *, quietly: bool = False) -> None:
        """Sends the buyer one message: `first`, and what plugins say about the new states.

        `use` names the template that goes when the message itself must wait.

        Somebody who said "stop" gets what they paid for, and nothing else that they did not ask for.
        Plugins hear of the new states in any case; with `quietly` what they say goes to nobody.
        """
        with speaking(self.order.customer.language):
            said = [("", first)] if first is not None else []
            said += self._asked()
            nothing_unasked = quietly or (self.order.customer.stopped_at is not None and first is None)
            if not said or nothing_unasked:
                return
            replies = turns.filtered_for(self.order.conversation_id, [reply for _plugin, reply in said])
            asker, asked = next(
                (
                    (plugin, reply.ask)
                    for (plugin, _said), reply in zip(said, replies, strict=True)
                    if reply.ask
                ),
                ("", None),
            )
            whole = Reply(
                "\n\n".join(reply.text for reply in replies if reply.text),
                outbox.choices_of(replies),
                next((reply.media_url for reply in replies if reply.media_url), None),
                asked,
            )
            speaker = "" if first is not None else said[-1][0]
            outbox.say(
                self.order.conversation_id, whole, plugin=asker or speaker, use=use, order=self.order.id
            )

    def _asked(self) -> list[tuple[str, Reply]]:
        """What plugins say about each change of state, with their names."""
        if not self.states:
            return []
        manager = plugin_manager.current()
        frozen = orders.frozen(self.order)
        said: list[tuple[str, Reply]] = []
        for old, new in self.states:
            arguments = {"order": replace(frozen, state=new), "old": old, "new": new}
            order = manager.in_order("salesbot_order_changed")
            for plugin, replies in manager.answers(order, arguments, checked_replies):
                said += [(plugin.name, reply) for reply in replies]
        return said
