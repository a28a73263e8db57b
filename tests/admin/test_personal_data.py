"""A customer's data in the back office: taken out, forgotten, and what was agreed to."""

from __future__ import annotations

import io
import json
import zipfile

import pytest
from sqlalchemy import delete, insert, select, text

from salesbot import clock
from salesbot.admin.access import audit
from salesbot.database import table
from salesbot.extensions import transaction
from salesbot.models import (
    AuditEntry,
    Consent,
    Conversation,
    ConversationEvent,
    ConversationLabel,
    Customer,
    CustomerAddress,
    Job,
    Label,
    Message,
    Notice,
    Order,
    OrderEvent,
    Refund,
    StaffUser,
    StockWait,
    db,
)
from salesbot.services import attachments, consent, inbox, news
from tests.admin import rows as make

pytestmark = pytest.mark.both_databases


@pytest.fixture
def ana(rows, app) -> int:
    """Ana, with two addresses, an order that is done, a message, a note, a file, and a wish for a person."""
    with rows():
        chat = make.chat("Ana Souza")
        make.message(chat, "in", "my secret is 42")
        stored, kind = attachments.keep(io.BytesIO(b"%PDF-1.4 hello"), "offer.pdf")
        make.message(chat, "out", "here", media=[{"url": stored, "content_type": kind}])
        make.message(chat, "out", "later", state="held", provider_id=None)
        make.order(chat, state="fulfilled", source_details={"click_id": "c1"})
        inbox.note(chat.id, "Olga", inbox.NOTE, "Ana Souza prefers calls")
        make.save(
            CustomerAddress(customer_id=chat.customer_id, channel="twilio", address="whatsapp:+4930999")
        )
        chat.person_wanted_at = chat.created_at
        db.session.flush()
        news.look()
        make.chat("Bob")
        return chat.customer_id


def test_everything_is_taken_out_with_the_files(ana, owner, stored):
    """As JSON, and as a ZIP with what staff sent; the audit says who did it."""
    owner.get(f"/admin/customer/details/?id={ana}")
    told = owner.post(f"/admin/customer/{ana}/data", {"kind": "json"})
    assert "attachment" in told.headers["Content-Disposition"]
    assert told.headers["Cache-Control"] == "no-store"
    known = json.loads(told.data)
    assert known["name"] == "Ana Souza"
    assert len(known["addresses"]) == 2
    assert known["notes"][0]["text"] == "Ana Souza prefers calls"
    assert "my secret is 42" in [message["text"] for message in known["messages"]]
    packed = zipfile.ZipFile(io.BytesIO(owner.post(f"/admin/customer/{ana}/data", {"kind": "zip"}).data))
    assert packed.namelist() == ["data.json", "files/1-offer.pdf"]
    assert packed.read("files/1-offer.pdf") == b"%PDF-1.4 hello"
    assert stored(select(AuditEntry.title).where(AuditEntry.what == "exported")) == [
        "Ana Souza (JSON)",
        "Ana Souza (ZIP)",
    ]


def test_a_customer_is_forgotten_after_their_number_was_typed(ana, owner, stored, app):
    """Name, words, files, news and older audit entries are gone; the order stays; the audit says so."""
    owner.get(f"/admin/customer/edit/?id={ana}")
    owner.post(f"/admin/customer/edit/?id={ana}", {"name": "Ana S. Souza", "language": "en"})
    assert "Ana S. Souza" in str(stored(select(AuditEntry.changes)))
    page = owner.get(f"/admin/customer/{ana}/erase").text
    assert "1 file that you sent" in page
    assert "+4930999" in page
    wrong = owner.post(f"/admin/customer/{ana}/erase", {"number": "yes"}).text
    assert f"Type the number {ana} to go on." in wrong
    assert stored(select(Customer.name).where(Customer.id == ana)) == ["Ana S. Souza"]
    answer = owner.post(f"/admin/customer/{ana}/erase", {"number": str(ana)}, follow_redirects=True)
    assert "This customer is forgotten" in answer.text
    assert stored(select(Customer.name).order_by(Customer.id)) == ["", "Bob"]
    assert [one for one in stored(select(CustomerAddress.address)) if "4930999" in one] == []
    assert set(stored(select(Message.body))) == {""}
    assert stored(select(Message.state).where(Message.state == "held")) == []
    assert stored(select(ConversationEvent.text)) == [""]
    assert stored(select(Notice)) == []
    assert stored(select(Conversation.person_wanted_at).where(Conversation.customer_id == ana)) == [None]
    assert (stored(select(Order.state)), stored(select(Order.source_details))) == (["fulfilled"], [None])
    with app.app_context():
        assert list(attachments.folder().iterdir()) == []
    entries = stored(select(AuditEntry).order_by(AuditEntry.id))
    assert "Souza" not in str([(entry.title, entry.changes) for entry in entries])
    assert (entries[-1].what, entries[-1].row, entries[-1].who) == (
        "erased",
        str(ana),
        "Olga (olga@example.com)",
    )
    assert entries[-1].changes == {}


def test_nobody_is_forgotten_while_an_order_is_open(ana, owner, rows, stored):
    """The page names the order and leads to it, and nothing is changed, whoever insists."""
    with rows():
        chat = db.session.scalar(select(Conversation).where(Conversation.customer_id == ana))
        number = make.order(chat).number
    page = owner.get(f"/admin/customer/{ana}/erase").text
    assert number in page
    assert "Not yet" in page
    assert number in owner.post(f"/admin/customer/{ana}/erase", {"number": str(ana)}).text
    assert "Ana Souza" in stored(select(Customer.name))


def test_names_of_those_who_were_joined_go_too(ana, owner, rows, stored):
    """Ana wrote from another number, under another name, and was one with it since."""
    with rows():
        other = make.chat("Anita Other").customer_id
    owner.get(f"/admin/customer/details/?id={ana}")
    owner.post(f"/admin/customer/{ana}/join", {"other": other})
    assert "Anita Other" in str([entry.changes for entry in stored(select(AuditEntry))])
    owner.get(f"/admin/customer/{ana}/erase")
    owner.post(f"/admin/customer/{ana}/erase", {"number": str(ana)})
    assert "Anita" not in str([(entry.title, entry.changes) for entry in stored(select(AuditEntry))])
    theirs = stored(select(CustomerAddress.address).where(CustomerAddress.customer_id == ana))
    assert len(theirs) == 3
    assert all(address.startswith("erased-") for address in theirs)


def test_only_who_may_takes_out_and_forgets(ana, somebody):
    agent, manager = somebody("agent"), somebody("manager")
    assert "Their data" not in agent.get(f"/admin/customer/details/?id={ana}").text
    assert agent.post(f"/admin/customer/{ana}/data", {"kind": "json"}).status_code == 403
    assert agent.post(f"/admin/customer/{ana}/erase", {"number": str(ana)}).status_code == 403
    assert "Their data" in manager.get(f"/admin/customer/details/?id={ana}").text


def test_staff_note_what_a_customer_told_them(ana, somebody, stored):
    """It counts at once, and stands on the customer's page and beside the chat with who noted it."""
    agent = somebody("agent")
    agent.get(f"/admin/customer/details/?id={ana}")
    agent.post(f"/admin/customer/{ana}/agreed", {"what": "stop", "said": "told me on the phone"})
    assert stored(select(Customer.stopped_at).where(Customer.id == ana)) != [None]
    agent.post(f"/admin/customer/{ana}/agreed", {"what": "start", "said": "wrote a letter"})
    assert stored(select(Customer.stopped_at).where(Customer.id == ana)) == [None]
    assert stored(select(Consent.what).order_by(Consent.id)) == ["stopped", "allowed"]
    assert stored(select(Consent.who))[0] == "Agent"
    chat = stored(select(Conversation.id).where(Conversation.customer_id == ana))[0]
    for address in (f"/admin/customer/details/?id={ana}", f"/admin/conversation/details/?id={chat}"):
        assert "told me on the phone" in agent.get(address).text
    empty = agent.post(f"/admin/customer/{ana}/agreed", {"what": "stop", "said": " "}, follow_redirects=True)
    assert "Write how you know it" in empty.text


NAME, NUMBER, WORDS = "Maria Secret", "+491700000042", "opensesame"
"""What must be nowhere afterwards: who it was, and any word of theirs or about them."""
OWN = ("customer", "customer_address", "conversation")
"""Entries about these say whom, until the person is forgotten."""


def a_person_with_everything(app, owner, rows) -> int:
    """Rows of all that may be about a person, made or touched by staff in the ways they have, and by hand."""
    with rows():
        chat = make.chat(NAME, address=f"whatsapp:{NUMBER}", source={"name": "shop", "text": WORDS})
        home = db.session.scalar(
            select(CustomerAddress).where(CustomerAddress.customer_id == chat.customer_id)
        )
        home.address = chat.address
        make.message(chat, "in", WORDS)
        thing = make.product(price=1000)
        order = make.order(chat, thing, state="fulfilled", source_details={"click_id": WORDS})
        payment = make.payment(order, state="confirmed")
        chat.person_wanted_at = chat.created_at
        number, person, order_id, thing_id = chat.id, chat.customer_id, order.id, thing.id
        payment_id = payment.id
        label = make.save(Label(name="wholesale")).id
        db.session.flush()
        news.look()
        make.chat("Bob")
    # What staff do by hand, and what only code does on their behalf.
    with app.test_request_context("/admin/"), transaction():
        audit.begin(db.session.scalars(select(StaffUser)).first())
        order = db.session.get(Order, order_id)
        template = {"sid": "HX1", "values": [NAME, NUMBER, f"https://shop.example/pay/{WORDS}"]}
        for row in (
            Message(
                conversation_id=number, direction="out", state="delivered", body=WORDS, template=template
            ),
            Message(
                conversation_id=number, direction="out", state="failed", body=WORDS, error=f"{NUMBER} is away"
            ),
            Consent(customer_id=person, what="stopped", said=WORDS, wording="Done.", who="Olga"),
            ConversationEvent(conversation_id=number, who="Olga", what=inbox.NOTE, text=f"{NAME}: {WORDS}"),
            StockWait(conversation_id=number, product_id=thing_id),
            Job(plugin="stamps", name="stamps:tidy", conversation_id=number, data={"said": WORDS}),
            ConversationLabel(conversation_id=number, label_id=label),
            Refund(
                payment_id=payment_id,
                amount=1,
                currency="USD",
                who="Olga",
                why=f"{NAME} {WORDS}",
                state="done",
                done_at=clock.now(),
            ),
            OrderEvent(order_id=order_id, who="Olga", what="asked for a refund", why=f"0.01 {NAME} {WORDS}"),
            OrderEvent(order_id=order_id, who="Olga", what="found no money", why=WORDS),
        ):
            make.save(row)
        order.source_details = {"click_id": WORDS, "text": NAME}
        conversation = db.session.get(Conversation, number)
        conversation.question, conversation.notes = WORDS, {"greeting": {"said": WORDS}}
        conversation.source = {"name": "shop", "text": f"{NAME} {WORDS}"}
        consent.stop(person, said=WORDS, who="Olga")
        # Past the objects, several rows at once: such an entry knows no key.
        said = {
            "customer_id": person,
            "what": "allowed",
            "said": WORDS,
            "about": NAME,
            "who": "Olga",
            "at": clock.now(),
        }
        db.session.execute(insert(table(Consent)), [said, said])
        db.session.execute(delete(StockWait).where(StockWait.conversation_id == number))
    page = f"/admin/conversation/details/?id={number}"
    owner.get(page)
    owner.post(f"/admin/conversation/{number}/take-over")
    owner.post(f"/admin/conversation/{number}/reply", {"text": WORDS})
    owner.post(f"/admin/conversation/{number}/note", {"text": WORDS})
    owner.post(f"/admin/order/{order_id}/looked", {"why": f"{NAME} {WORDS}"})
    owner.get(f"/admin/customer/edit/?id={person}")
    owner.post(f"/admin/customer/edit/?id={person}", {"name": f"{NAME} II", "language": "en"})
    owner.post(f"/admin/customer/{person}/agreed", {"what": "stop", "said": WORDS})
    owner.get(f"/admin/customer/export/csv/?search={NAME}").get_data()
    owner.post(f"/admin/customer/{person}/data", {"kind": "json"})
    return person


def everywhere(app) -> dict[str, str]:
    """All that stands in the database, by table, as text."""
    with app.app_context():
        found = {
            one.name: repr([tuple(row) for row in db.session.execute(text(f'SELECT * FROM "{one.name}"'))])
            for one in db.metadata.sorted_tables
        }
        db.session.rollback()
    return found


def test_nothing_of_a_forgotten_person_is_left_anywhere(app, owner, rows, stored):
    """Whatever was stored about them and whoever of the staff touched it: no table holds it any more."""
    person = a_person_with_everything(app, owner, rows)
    before = everywhere(app)
    held = {name for name, there in before.items() if any(one in there for one in (NAME, NUMBER, WORDS))}
    assert {
        "audit_entry",
        "consent",
        "conversation",
        "conversation_event",
        "customer",
        "customer_address",
    } <= held
    assert {"job", "message", "notice", "order", "order_event", "refund"} <= held
    answer = owner.post(f"/admin/customer/{person}/erase", {"number": str(person)}, follow_redirects=True)
    assert "This customer is forgotten" in answer.text
    for name, left in everywhere(app).items():
        for one in (NAME, NUMBER, WORDS):
            assert one not in left, (name, one, left)
    assert "Bob" in everywhere(app)["customer"]
    assert len(stored(select(AuditEntry))) > 20


def test_the_audit_repeats_no_words_and_names_nobody_in_entries_of_other_rows(app, owner, rows, stored):
    """So that a note which was deleted, as after some months, is in the audit no more either."""
    a_person_with_everything(app, owner, rows)
    entries = stored(select(AuditEntry).where(AuditEntry.model.not_in(OWN)))
    told = repr([(one.model, one.title, one.changes) for one in entries])
    for one in (NAME, NUMBER, WORDS):
        assert one not in told
    [label] = [one for one in entries if one.model == "conversation_label"]
    assert type(label.changes["conversation_id"][1]) is int
