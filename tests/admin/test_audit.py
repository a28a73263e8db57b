"""The audit: who changed what from what to what, however it reached the database, and never a secret."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from flask import g
from sqlalchemy import Boolean, Integer, String, Text, inspect, select, update

from salesbot import models
from salesbot.admin.access import audit
from salesbot.admin.exceptions import rules_for
from salesbot.database import UTCDateTime, table
from salesbot.extensions import db, transaction
from salesbot.models import (
    Advertisement,
    AuditEntry,
    CannedReply,
    Category,
    Consent,
    ContentTemplate,
    ConversationEvent,
    ConversationLabel,
    Coupon,
    Job,
    Label,
    MenuLine,
    MessageTemplate,
    NewsChoice,
    NotNeeded,
    OrderEvent,
    PaymentEvent,
    PluginFailure,
    PluginState,
    Product,
    PushDevice,
    QuickAnswer,
    Refund,
    ShopRevision,
    ShopSetting,
    StaffUser,
    StockWait,
    Wording,
)
from salesbot.services import stock
from tests.admin import rows as make

SECRETS = ("KEY-ONE-OF-MANY", "sk_live_very_secret", "pbkdf2:sha256", "secret-address", "secret-of-the")
NO_ENTRIES = {model for model in models.ALL if not rules_for(model).audited}
LINKS = {ConversationLabel}  # made and deleted, never changed
LATER = datetime(2031, 5, 1, tzinfo=UTC)
CHANGED = {str: "changed words", int: 7, bool: False, datetime: LATER}


def one_of_everything() -> None:
    """A row of each model, with secrets where there are any."""
    thing = make.product()
    stock.add_keys(thing.id, [SECRETS[0]])
    chat = make.chat()
    make.message(chat, "in")
    order = make.order(chat, thing, state="paid")
    payment = make.payment(order, state="confirmed")
    make.delivery(order, state="delivered", secret=SECRETS[0])
    for row in (
        Coupon(code="SPRING", percent=10),
        OrderEvent(order_id=order.id, who="ana", what="placed"),
        PaymentEvent(method="demo", event_id="e", reference="r", kind="paid", amount=1, currency="USD"),
        Refund(payment_id=payment.id, amount=1, currency="USD"),
        Advertisement(key="120210", headline="Books"),
        Consent(customer_id=chat.customer_id, what="stopped", who="customer"),
        StockWait(product_id=thing.id, conversation_id=chat.id),
        ShopSetting(name="stripe.key", secret=SECRETS[1]),
        PluginState(name="greeting"),
        PluginFailure(plugin="greeting", hook="salesbot_menu_items", error="x"),
        ContentTemplate(account="AC1", shape="buttons", sid="HX1"),
        MessageTemplate(account="AC1", sid="HX2", name="hello", language="en", text="Hello {{1}}"),
        Job(plugin="stamps", name="stamps:tidy"),
        Label(name="wholesale"),
        CannedReply(title="Thanks", text="Thank you!"),
        ConversationEvent(conversation_id=chat.id, who="ana", what="note", text="nice"),
        Wording(package="salesbot_greeting", language="en", sentence="Hi!", text="Ahoy!"),
        QuickAnswer(words="refund", text="Write to us."),
        MenuLine(choice="orders"),
        NotNeeded(digest="d" * 64),
        NewsChoice(staff_id=db.session.scalars(select(StaffUser.id)).first()),
        PushDevice(
            staff_id=db.session.scalars(select(StaffUser.id)).first(),
            endpoint="https://fcm.googleapis.com/secret-address",
            p256dh="B",
            auth="secret-of-the-browser",
            name="Chrome · Android",
        ),
    ):
        make.save(row)
    make.save(ConversationLabel(conversation_id=chat.id, label_id=1))


def a_plain_column(model: type[Any], row: Any) -> str:
    """A column that can be changed without breaking a rule of the table."""
    for attribute in inspect(model).column_attrs:
        [column] = attribute.columns
        keep = column.primary_key or column.foreign_keys or column.key in audit.hidden_columns(model)
        words = {"state", "kind", "direction", "answered_by", "role", "currency", "channel", "quantity"}
        sums = {"amount", "total", "discount", "unit_price", "downloads", "percent", "tone"}
        kinds = (String, Text, Boolean, Integer, UTCDateTime)
        if not keep and column.key not in words | sums and type(column.type) in kinds:
            return str(column.key)
    raise AssertionError(f"nothing of {model} can be changed")


def as_written(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


@pytest.fixture
def at_work(app):
    """A request in which olga changes things."""
    with app.test_request_context("/admin/", environ_base={"REMOTE_ADDR": "192.0.2.7"}):

        def begin() -> None:
            audit.begin(db.session.scalars(select(StaffUser)).first())
            db.session.rollback()  # as a request does before it changes anything

        yield begin


@pytest.mark.both_databases
def test_every_model_s_rows_are_written_about_whichever_way_they_change(app, rows, at_work, stored):
    """By the objects of the session and by a bulk statement alike; a new model needs nothing done."""
    with transaction():
        one_of_everything()
    assert {AuditEntry, ShopRevision} <= NO_ENTRIES
    everybody = [model for model in models.ALL if model not in NO_ENTRIES | LINKS]
    for model in everybody:
        row = db.session.scalars(select(model)).first()
        assert row is not None, f"make a row of {model}"
        name = a_plain_column(model, row)
        before = getattr(row, name)
        new = CHANGED[type(before)] if before is not None else CHANGED[str]
        key = ",".join(map(str, inspect(row).identity))
        db.session.rollback()
        for way in ("object", "statement"):
            at_work()
            with transaction():
                row = db.session.scalars(select(model)).first()
                if way == "object":
                    db.session.expire(row)  # as after a commit: nobody has read the old value
                    setattr(row, name, new)
                else:
                    db.session.execute(update(table(model)).values({name: before}))
            g.pop("witness")
            values = [as_written(value) for value in (before, new)]
            values = values if way == "object" else values[::-1]
            said = db.session.scalars(
                select(AuditEntry).where(AuditEntry.row == key).order_by(AuditEntry.id)
            ).all()[-1]
            assert (said.model, said.what) == (model.__tablename__, "changed"), (model, way)
            assert said.changes[name] == values, (model, way)
            assert said.who.startswith("Olga (")
            assert said.ip == "192.0.2.7"
            db.session.rollback()
    at_work()
    with transaction():
        for model in (ConversationLabel, PluginFailure):
            db.session.delete(db.session.scalars(select(model)).one())
    g.pop("witness")
    written = stored(select(AuditEntry).order_by(AuditEntry.id))
    assert [entry.what for entry in written[-2:]] == ["deleted", "deleted"]
    everything = repr([(entry.title, entry.changes) for entry in written])
    assert not [secret for secret in SECRETS if secret in everything]


def test_what_nobody_did_is_nobody_s(app, rows, stored):
    """Customers, the worker and the command line are no staff: their changes stand in timelines."""
    with rows():
        one_of_everything()
    assert stored(select(AuditEntry)) == []


def test_an_afternoon_of_an_owner_can_be_read_and_filtered(rows, owner, somebody, stored):
    """Forms, several rows at once, settings, pasted keys and passwords, in plain words, without secrets."""
    with rows():
        shelf, other = make.category(title="Books"), make.category(title="Old things")
        thing = make.product(title="Clean Tables", category=shelf, price=1900)
        number, old = thing.id, other.id
    form = {
        "title": "Clean Tables",
        "category": shelf_id(stored),
        "price": "15",
        "kind": "key",
        "active": "y",
    }
    owner.post(f"/admin/product/edit/?id={number}", {**form, "keys": "KEY-ONE-OF-MANY\nKEY-2"})
    owner.post("/admin/category/action/", {"action": "delete", "rowid": old})
    owner.post("/admin/settings/", {"SHOP_NAME": "Ana's Books"})
    me = {"name": "Olga", "email": "olga@example.com", "role": "owner", "active": "y"}
    owner.post("/admin/staff_user/edit/?id=1", {**me, "password": "another long password"})
    entries = stored(select(AuditEntry).order_by(AuditEntry.id))
    said = [(entry.what, entry.model, entry.title) for entry in entries]
    assert said[0] == ("signed_in", "staff_user", "Olga")
    for expected in (
        ("changed", "product", "Clean Tables"),
        ("created", "licence_key", stock.hint("KEY-ONE-OF-MANY")),
        ("deleted", "category", "Old things"),
        ("created", "shop_setting", "SHOP_NAME"),
        ("changed", "staff_user", "Olga"),
    ):
        assert expected in said
    page = owner.get("/admin/audit_entry/").text
    assert "<del>$19.00</del>" in page
    assert "<ins>$15.00</ins>" in page
    assert "Ana&#39;s Books" in page
    assert not [secret for secret in (*SECRETS, "another long password") if secret in page]
    history = owner.get(f"/admin/product/details/?id={number}").text
    address = history.partition('href="/admin/audit_entry/?')[2].partition('"')[0].replace("&amp;", "&")
    only = owner.get(f"/admin/audit_entry/?{address}").text
    assert "$15.00" in only
    assert "Old things" not in only
    for door in ("edit/?id=1", "new/"):
        assert owner.get(f"/admin/audit_entry/{door}").status_code == 403
    owner.post("/admin/audit_entry/delete/", {"id": 1})
    owner.post("/admin/audit_entry/action/", {"action": "delete", "rowid": 1})
    assert len(stored(select(AuditEntry))) == len(entries)
    assert somebody("manager").get("/admin/audit_entry/").status_code == 403


def test_an_amount_is_said_in_the_money_of_its_row(rows, owner):
    """Whatever the shop sells in by now: when the row is made, and when only its amount changes."""
    with rows():
        order = make.order(what=make.product(price=9000), state="paid", currency="JPY")
        make.payment(order, state="confirmed")
        number = order.id
    answer = owner.post(f"/admin/order/{number}/give-back", {"payment": 1, "amount": "5000"})
    assert answer.status_code == 302
    with rows():
        changes = {"amount": [5000, 4000]}
        make.save(AuditEntry(who="ana", what="changed", model="refund", row="1", title="", changes=changes))
    page = owner.get("/admin/audit_entry/").text
    assert "¥5,000" in page
    assert "<ins>¥4,000</ins>" in page
    assert "$50.00" not in page


def shelf_id(stored: Any) -> int:
    return stored(select(Category).where(Category.title == "Books"))[0].id


def test_a_change_that_fails_leaves_no_entry(rows, owner, stored):
    """The entry is part of the same transaction: of a deletion that can't be, only what came of it stays."""
    with rows():
        shelf = make.product().category_id
    owner.post("/admin/category/delete/", {"id": shelf})
    assert len(stored(select(Product))) == 1
    [entry] = [one for one in stored(select(AuditEntry)) if one.model == "category"]
    assert (entry.what, entry.changes) == ("changed", {"active": [True, False]})
