"""A customer's data in the back office: taken out, forgotten, and what was agreed to."""

from __future__ import annotations

import io
import json
import zipfile

import pytest
from sqlalchemy import select

from salesbot.models import (
    AuditEntry,
    Consent,
    Conversation,
    ConversationEvent,
    Customer,
    CustomerAddress,
    Message,
    Notice,
    Order,
    db,
)
from salesbot.services import attachments, inbox, news
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
