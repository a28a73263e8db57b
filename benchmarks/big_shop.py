"""Fills an empty, migrated database with a big shop's rows, made by the database itself from numbers.

python -m benchmarks.big_shop --database postgresql://… --messages 1000000
"""

from __future__ import annotations

from argparse import ArgumentParser

import click
from sqlalchemy import Engine, text

from salesbot.app import create_app
from salesbot.extensions import db, vault

MESSAGES = 1_000_000
OTHERS = 100_000
CHUNK = 50_000
YEAR = 31_536_000

# Of each table: its columns, and the values of row i of n. `ago` is a moment that many seconds back.
ROWS: dict[str, tuple[str, str]] = {
    "customer": ("id, name, language, created_at", "i, 'Person ' || (i * 7919 % n), 'en', {ago}"),
    "customer_address": (
        "id, customer_id, channel, address, created_at",
        "i, i, 'twilio', 'whatsapp:+49151' || (10000000 + i), {ago}",
    ),
    "conversation": (
        (
            "id, customer_id, channel, address, answered_by, person_wanted_at, shown, shown_from, notes,"
            " last_inbound_at, created_at"
        ),
        (
            "i, i, 'twilio', 'whatsapp:+49151' || (10000000 + i), CASE WHEN i % 5000 = 0 THEN 'person' ELSE 'bot'"
            " END, CASE WHEN i % 5000 = 0 THEN {ago} ELSE NULL END, '[]', 0, '{{}}', {ago}, {ago}"
        ),
    ),
    "order": (
        (
            "id, number, customer_id, conversation_id, state, currency, total, discount, created_at, expires_at,"
            " paid_at"
        ),
        (
            "i, 'N' || (1000000 + i), i, i, CASE WHEN i % 5 = 0 THEN 'expired' ELSE 'fulfilled' END, 'USD',"
            " 500 + i % 50 * 100, 0, {ago}, {ago}, CASE WHEN i % 5 = 0 THEN NULL ELSE {ago} END"
        ),
    ),
    "order_line": (
        "id, order_id, product_id, position, title, kind, options, unit_price, quantity, amount, discount",
        (
            "i, i, 1 + i % 500, 1, 'Thing ' || (1 + i % 500), 'key', '{{}}', 500 + i % 50 * 100, 1,"
            " 500 + i % 50 * 100, 0"
        ),
    ),
    "order_event": ("id, order_id, at, who, what, why", "i, i, {ago}, 'Person ' || i, 'placed', ''"),
    "payment": (
        "id, order_id, method, reference, state, amount, currency, created_at, confirmed_at",
        (
            "i, i, 'demo', CASE WHEN i % 5 = 0 THEN NULL ELSE 'r' || i END, CASE WHEN i % 5 = 0 THEN 'started'"
            " ELSE 'confirmed' END, 500 + i % 50 * 100, 'USD', {ago}, CASE WHEN i % 5 = 0 THEN NULL ELSE {ago} END"
        ),
    ),
    "payment_event": (
        "id, method, event_id, order_id, reference, kind, amount, currency, received_at, outcome",
        "i, 'demo', 'e' || i, i, 'r' || i, 'paid', 500 + i % 50 * 100, 'USD', {ago}, 'paid'",
    ),
    "delivery": (
        (
            "id, line_id, position, state, text, link, file, file_name, downloads, downloads_allowed, attempts,"
            " due_at, error, delivered_at"
        ),
        (
            "i, i, 1, CASE WHEN i % 5 = 0 THEN 'revoked' ELSE 'delivered' END, '', '', '', '', i % 3, 3, 0, {ago},"
            " '', {ago}"
        ),
    ),
    "licence_key": (
        "id, product_id, secret, digest, hint, delivery_id, created_at",
        (
            "i, 1 + i % 500, '{secret}', 'd' || i, '••••' || (1000 + i % 9000),"
            " CASE WHEN i % 2 = 0 THEN i ELSE NULL END, {ago}"
        ),
    ),
    "message": (
        (
            "id, conversation_id, direction, provider_id, in_answer, state, body, choice, choices, media, plugin,"
            " error, error_code, attempts, reply_to_id, created_at"
        ),
        (
            "i, 1 + i / 2 * 7919 % {others}, CASE WHEN i % 2 = 1 THEN 'in' ELSE 'out' END, 'SM' || i, {false},"
            " CASE WHEN i % 2 = 1 THEN 'received' WHEN i % 20000 = 0 THEN 'undelivered' ELSE 'delivered' END,"
            " CASE WHEN i % 1000 = 1 THEN 'I want a refund ' || i ELSE 'What a nice day, number ' || i END,"
            " CASE WHEN i % 10 = 3 THEN 'product:' || (1 + i % 500) WHEN i % 30 = 5 THEN 'buy:' || (1 + i % 500)"
            " ELSE NULL END, '[]', '[]', CASE WHEN i % 2 = 1 THEN '' WHEN i % 40 = 2 THEN 'fallback' ELSE 'catalog'"
            " END, '', '', 0, CASE WHEN i % 2 = 1 THEN NULL ELSE i - 1 END, {ago}"
        ),
    ),
    "conversation_event": (
        "id, conversation_id, at, who, what, text",
        "i, i, {ago}, 'Olga', 'note', 'Likes a nice day, number ' || i",
    ),
    "audit_entry": (
        "id, at, who, ip, what, model, row, title, changes",
        (
            "i, {ago}, 'Olga (olga@example.com)', '192.0.2.' || (i % 250), 'changed', 'product',"
            " '' || (1 + i % 500), 'Thing ' || (1 + i % 500), '{{\"price\": [1, 2]}}'"
        ),
    ),
}


def fill(
    engine: Engine,
    secret: str,
    messages: int = MESSAGES,
    others: int = OTHERS,
    *,
    there: tuple[int, int] = (0, 0),
) -> None:
    """Makes the rows, some thousands at a time, and lets the database count them afterwards.

    `secret` is what each licence key holds, encrypted with the shop's keyring; `there` says how many
    messages and others an earlier call has made.
    """
    is_sqlite = engine.dialect.name == "sqlite"
    counts = {name: messages if name == "message" else others for name in ROWS}
    with click.progressbar(length=sum(counts.values()), label=engine.dialect.name) as bar:
        if not any(there):
            _goods(engine, is_sqlite)
        for name, count in counts.items():
            for first in range(1 + there[name != "message"], count + 1, CHUNK):
                last = min(first + CHUNK - 1, count)
                with engine.begin() as connection:
                    connection.execute(text(_insert(name, first, last, count, others, secret, is_sqlite)))
                bar.update(last - first + 1)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for name in ("category", "product", *ROWS) if not is_sqlite else ():
            sequence = f"pg_get_serial_sequence('\"{name}\"', 'id')"
            connection.execute(text(f'SELECT setval({sequence}, (SELECT max(id) FROM "{name}"))'))
        # What a server does by itself while a shop grows.
        connection.execute(text("ANALYZE" if is_sqlite else "VACUUM ANALYZE"))


def _goods(engine: Engine, is_sqlite: bool) -> None:
    moment = "datetime('now')" if is_sqlite else "now()"
    true = "1" if is_sqlite else "true"
    with engine.begin() as connection:
        connection.execute(
            text(
                f"{_numbers(1, 20, is_sqlite)} INSERT INTO category (id, title, detail, position, active)"
                f" SELECT i, 'Shelf ' || i, '', i, {true} FROM numbers"
                if is_sqlite
                else f"INSERT INTO category (id, title, detail, position, active)"
                f" SELECT i, 'Shelf ' || i, '', i, {true} FROM generate_series(1, 20) i"
            )
        )
        columns = (
            "id, category_id, kind, title, summary, description, price, cover, file, file_name, link,"
            " delivery_text, options, position, active, created_at"
        )
        values = (
            "i, 1 + i % 20, 'key', 'Thing ' || i, '', '', 500 + i % 50 * 100, '', '', '', '', '', '{}', i,"
            f" {true}, {moment}"
        )
        source = "numbers" if is_sqlite else "generate_series(1, 500) i"
        head = f"{_numbers(1, 500, is_sqlite)} " if is_sqlite else ""
        connection.execute(text(f"{head}INSERT INTO product ({columns}) SELECT {values} FROM {source}"))


def _numbers(first: int, last: int, is_sqlite: bool) -> str:
    if not is_sqlite:
        return ""
    return (
        f"WITH RECURSIVE numbers(i) AS (SELECT {first} UNION ALL SELECT i + 1 FROM numbers WHERE i < {last})"
    )


def _insert(name: str, first: int, last: int, count: int, others: int, secret: str, is_sqlite: bool) -> str:
    columns, values = ROWS[name]
    seconds = f"({count} - i) * {max(1, YEAR // count)}"
    ago = (
        f"strftime('%Y-%m-%d %H:%M:%f', 'now', '-' || ({seconds}) || ' seconds')"
        if is_sqlite
        else f"now() - make_interval(secs => {seconds})"
    )
    shown = values.format(ago=ago, others=others, secret=secret, false="0" if is_sqlite else "false")
    if not is_sqlite:
        shown = shown.replace("'[]'", "'[]'::json").replace("'{}'", "'{}'::json")
        shown = shown.replace("""'{"price": [1, 2]}'""", """'{"price": [1, 2]}'::json""")
    shown = shown.replace("i * 7919 % n", f"i * 7919 % {count}")
    source = "numbers" if is_sqlite else f"generate_series({first}::bigint, {last}) i"
    head = f"{_numbers(first, last, is_sqlite)} " if is_sqlite else ""
    return f'{head}INSERT INTO "{name}" ({columns}) SELECT {shown} FROM {source}'


def main() -> None:
    """Fills the database that is named, with the keyring of the instance folder."""
    options = ArgumentParser(description="Fills an empty, migrated database with a big shop's rows.")
    options.add_argument("--messages", type=int, default=MESSAGES)
    options.add_argument("--others", type=int, default=OTHERS)
    chosen = options.parse_args()
    app = create_app({"BACK_OFFICE": False})
    with app.app_context():
        fill(db.engine, vault.encrypt("AAAA-BBBB-CCCC"), chosen.messages, chosen.others)


if __name__ == "__main__":
    main()
