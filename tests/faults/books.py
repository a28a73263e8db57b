"""What must be true of every shop at every rest, from the outside: rows, messages, and the money's own side.

Nothing here asks salesbot: the rows are read by SQL through a connection of its own, the messages are
those that the stand-in for Twilio took on or the webhooks were answered with, and the money is what
lies at the stand-in for Stripe, and what came by transfer.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, Row, inspect, text

from salesbot import clock
from salesbot.testing.stripe import StandIn as Stripe
from salesbot.testing.twilio import StandIn as Twilio

KEY = re.compile(r"KEY-\d+-\d+")
ENDED_BADLY = ("unknown", "failed", "undelivered", "held")
"""States of a message that staff see, because its customer may not have it."""

DUE = """
    SELECT 'message' FROM message m WHERE m.state = 'sending' OR (
        m.state = 'waiting' AND m.send_at <= :now AND NOT EXISTS (
            SELECT 1 FROM message e
            WHERE e.conversation_id = m.conversation_id AND e.id < m.id AND e.send_at IS NOT NULL))
    UNION ALL SELECT 'refund' FROM refund WHERE state = 'started' AND due_at <= :now
    UNION ALL SELECT 'delivery' FROM delivery WHERE state = 'due' AND due_at <= :now
    UNION ALL SELECT 'order' FROM "order" WHERE state = 'pending' AND expires_at <= :now
    UNION ALL SELECT 'key' FROM delivery d JOIN order_line l ON l.id = d.line_id
        JOIN "order" o ON o.id = l.order_id
        WHERE d.state = 'no_stock' AND o.frozen_at IS NULL AND EXISTS (
            SELECT 1 FROM licence_key k WHERE k.product_id = l.product_id AND k.delivery_id IS NULL)
"""


@dataclass
class Seen:
    """What the test itself knows: who read what, and which money came by transfer."""

    texts: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    transfers: Counter[int] = field(default_factory=Counter)
    """Minor units by order: what was really sent, less what staff really sent back."""

    def keys(self, twilio: Twilio) -> dict[str, set[str]]:
        """The addresses that have read each key."""
        readers: dict[str, set[str]] = defaultdict(set)
        for address, texts in self.texts.items():
            for words in texts:
                for key in KEY.findall(words):
                    readers[key].add(address)
        for taken in twilio.messages:
            for key in KEY.findall(taken.body):
                readers[key].add(taken.to)
        return readers


def _whole_row(engine: Engine, name: str) -> str:
    columns = (f"coalesce(\"{column['name']}\", '')" for column in inspect(engine).get_columns(name))
    return " || ' ' || ".join(columns)


class Books:
    """The rows of one shop, read by SQL."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def rows(self, statement: str, **values: Any) -> list[Row[Any]]:
        with self.engine.connect() as connection:
            return list(connection.execute(text(statement), values))

    def nothing_is_due(self) -> bool:
        """Whether a worker would find nothing to do."""
        return not self.rows(DUE, now=self._moment())

    def _moment(self) -> datetime | str:
        now = clock.now()
        return now if self.engine.dialect.name == "postgresql" else now.strftime("%Y-%m-%d %H:%M:%S.%f")

    def problems(self, stripe: Stripe, twilio: Twilio, seen: Seen, secrets: dict[int, str]) -> list[str]:
        """What is wrong, in words. `secrets` are all keys in stock, by the id of their row."""
        return [
            *self._nothing_is_left_over(),
            *self._money(stripe, seen),
            *self._keys(secrets),
            *self._readers(twilio, seen, secrets),
            *self._coupons(),
            *(
                f"message {number} was sent {count} times"
                for number, count in Counter(taken.id for taken in twilio.messages).items()
                if count > 1
            ),
        ]

    def in_clear(self) -> list[str]:
        """The tables whose rows hold a key that anybody could read."""
        tables = inspect(self.engine).get_table_names()
        found = []
        for name in tables:
            row = "t::text" if self.engine.dialect.name == "postgresql" else _whole_row(self.engine, name)
            if self.rows(f"SELECT 1 FROM \"{name}\" t WHERE {row} LIKE '%KEY-%' LIMIT 1"):
                found.append(name)
        return found

    def _nothing_is_left_over(self) -> Iterator[str]:
        for row in self.rows("SELECT id, state FROM message WHERE state IN ('waiting', 'sending')"):
            yield f"message {row.id} is still {row.state}"
        for row in self.rows("SELECT id FROM message WHERE state = 'unhandled'"):
            yield f"a turn failed: message {row.id}"
        for row in self.rows("SELECT id FROM refund WHERE state = 'started'"):
            yield f"refund {row.id} is still to be done"
        for row in self.rows("SELECT number, state FROM \"order\" WHERE state IN ('pending', 'paid')"):
            yield f"order {row.number} is still {row.state}"
        for row in self.rows("SELECT plugin, error FROM plugin_failure"):
            yield f"plugin {row.plugin} failed: {row.error}"

    def _money(self, stripe: Stripe, seen: Seen) -> Iterator[str]:
        """For each order: what came in is its price, or has gone back."""
        kept: Counter[int] = Counter(seen.transfers)
        for charge in stripe.account.charges.values():
            lost = sum(
                dispute["amount"]
                for dispute in stripe.account.disputes.values()
                if dispute["charge"] == charge["id"] and dispute["status"] == "lost"
            )
            kept[int(charge["metadata"]["order_id"])] += charge["amount"] - charge["amount_refunded"] - lost
        parts = self._given_in_part()
        for order in self.rows('SELECT id, number, state, total FROM "order"'):
            due = order.total - parts[order.id] if order.state in {"paid", "fulfilled"} else 0
            if kept[order.id] != due:
                yield f"order {order.number} is {order.state}: {kept[order.id]} was kept, {due} is right"
        booked = self.rows(
            "SELECT order_id, SUM(amount) AS amount FROM ("
            " SELECT order_id, amount FROM payment WHERE state IN ('confirmed', 'disputed')"
            " UNION ALL SELECT p.order_id, -r.amount FROM refund r JOIN payment p ON p.id = r.payment_id"
            " WHERE r.state = 'done') AS moves GROUP BY order_id"
        )
        in_rows = {row.order_id: int(row.amount) for row in booked}
        for number in kept.keys() | in_rows.keys():
            if kept[number] != in_rows.get(number, 0):
                yield f"order {number}: {kept[number]} was kept, {in_rows.get(number, 0)} is in the books"

    def _given_in_part(self) -> Counter[int]:
        """What went back of an order whose rest stays bought: by staff, or at the provider."""
        given = self.rows(
            "SELECT p.order_id, SUM(r.amount) AS amount FROM refund r JOIN payment p ON p.id = r.payment_id"
            " WHERE r.state = 'done' AND r.who <> 'salesbot' GROUP BY p.order_id"
        )
        return Counter({row.order_id: int(row.amount) for row in given})

    def _keys(self, secrets: dict[int, str]) -> Iterator[str]:
        """Keys given are keys paid for, each once, of the right product."""
        units = self.rows(
            'SELECT o.id AS "order", o.number, o.paid_at, l.id AS line, l.quantity, l.product_id, l.kind,'
            " d.id, d.state, k.id AS key, k.product_id AS key_product"
            ' FROM "order" o JOIN order_line l ON l.order_id = o.id'
            " LEFT JOIN delivery d ON d.line_id = l.id LEFT JOIN licence_key k ON k.delivery_id = d.id"
        )
        per_line: Counter[int] = Counter()
        for unit in units:
            per_line[unit.line] += unit.id is not None
            if unit.kind == "key" and unit.state == "delivered" and unit.key is None:
                yield f"order {unit.number}: a unit is delivered without a key"
            if unit.key is not None and unit.key_product != unit.product_id:
                yield f"order {unit.number}: a key of another product"
            if unit.key is not None and unit.kind != "key":
                yield f"order {unit.number}: a key for a {unit.kind}"
        for unit in {unit.line: unit for unit in units}.values():
            wanted = unit.quantity if unit.paid_at is not None else 0
            if per_line[unit.line] != wanted:
                yield f"order {unit.number}: {per_line[unit.line]} units, {wanted} are paid for"
        paid = self.rows(
            'SELECT o.number, COUNT(*) AS times FROM "order" o JOIN order_event e ON e.order_id = o.id'
            " WHERE e.what LIKE '%→ paid' GROUP BY o.number HAVING COUNT(*) > 1"
        )
        for row in paid:
            yield f"order {row.number} was paid {row.times} times"
        doubled = self.rows(
            "SELECT delivery_id FROM licence_key WHERE delivery_id IS NOT NULL"
            " GROUP BY delivery_id HAVING COUNT(*) > 1"
        )
        for row in doubled:
            yield f"unit {row.delivery_id} has several keys"
        there = {row.id for row in self.rows("SELECT id FROM licence_key")}
        if there != secrets.keys():
            yield f"keys are lost: {sorted(secrets.keys() - there)}"

    def _readers(self, twilio: Twilio, seen: Seen, secrets: dict[int, str]) -> Iterator[str]:
        """Who has read a key is who bought it; and whoever bought one has read it, or staff see why not."""
        sold = self.rows(
            "SELECT k.id, d.id AS unit, d.state, c.address, c.id AS chat, o.number, o.state AS order_state"
            " FROM licence_key k JOIN delivery d ON d.id = k.delivery_id"
            ' JOIN order_line l ON l.id = d.line_id JOIN "order" o ON o.id = l.order_id'
            " JOIN conversation c ON c.id = o.conversation_id"
        )
        readers = seen.keys(twilio)
        owner = {secrets[row.id]: row.address for row in sold}
        for key, addresses in readers.items():
            if addresses != {owner.get(key)}:
                yield f"{key} was read by {sorted(addresses)}, and belongs to {owner.get(key)}"
        told = defaultdict(str)
        for row in self.rows(
            f"SELECT conversation_id, body FROM message WHERE direction = 'out' AND state IN {ENDED_BADLY}"
        ):
            told[row.conversation_id] += row.body
        for row in sold:
            seen_by_staff = f"\ue000{row.unit}\ue001" in told[row.chat]
            if row.state == "delivered" and secrets[row.id] not in readers and not seen_by_staff:
                yield f"order {row.number} ({row.order_state}): {secrets[row.id]} never reached its buyer"

    def _coupons(self) -> Iterator[str]:
        for row in self.rows(
            'SELECT c.code, c.uses_allowed, COUNT(o.id) AS used FROM coupon c JOIN "order" o'
            " ON o.coupon_id = c.id WHERE o.paid_at IS NOT NULL AND c.uses_allowed IS NOT NULL"
            " GROUP BY c.code, c.uses_allowed HAVING COUNT(o.id) > c.uses_allowed"
        ):
            yield f"coupon {row.code} was used {row.used} times, {row.uses_allowed} are allowed"
