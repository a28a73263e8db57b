"""Paying by transfer: the customer sends a picture, staff confirm or say that nothing came."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from salesbot import fulfilment
from salesbot.database import in_transaction
from salesbot.messages import Media
from salesbot.models import Delivery, Message, Order, Payment

pytestmark = pytest.mark.both_databases

PICTURE = Media("https://api.twilio.com/2010-04-01/Accounts/AC/Messages/MM/Media/ME", "image/jpeg")


@pytest.fixture
def buyer(customer, catalogue, app):
    """Somebody who has chosen to pay by transfer."""
    catalogue.setting("payment_manual.details", "Example Bank, account 12345")
    catalogue.key("Editor", price=1900, keys=["ED-1"])
    customer.says("Editor")
    text = customer.picks("Buy")[0].text
    path = re.search(r"/pay/\S+", text)[0]
    client = app.test_client()
    assert "Bank transfer" in client.get(path).text
    page = client.post(path, data={"method": "manual"}).text
    assert "Example Bank, account 12345" in page
    assert "$19.00" in page
    return customer


def staff(app, what, *args, **named):
    with app.app_context():
        in_transaction(lambda: what(*args, who="ana@example.com", **named))


def test_without_details_there_is_no_transfer(customer, catalogue, app):
    catalogue.key("Editor", keys=1)
    customer.says("Editor")
    path = re.search(r"/pay/\S+", customer.picks("Buy")[0].text)[0]
    assert "Bank transfer" not in app.test_client().get(path).text


def test_a_picture_is_put_beside_the_payment(buyer, stored):
    reply = buyer.sends(media=[PICTURE])[0].text
    assert "I have your picture" in reply
    [payment] = stored(select(Payment))
    [message] = stored(select(Message).where(Message.id == payment.proof_id))
    assert message.media[0]["url"] == PICTURE.url


def test_a_picture_without_an_open_transfer_is_just_a_picture(customer, catalogue):
    catalogue.key("Editor", keys=1)
    assert "can't read pictures" in customer.sends(media=[PICTURE])[0].text


def test_staff_confirm_and_the_customer_has_the_key(buyer, stored, app):
    [payment] = stored(select(Payment))
    staff(app, fulfilment.confirm_by_staff, payment.id)
    assert "ED-1" in buyer.replies[-1].text
    assert stored(select(Payment))[0].state == "confirmed"
    with pytest.raises(fulfilment.WrongState):
        staff(app, fulfilment.confirm_by_staff, payment.id)
    assert len(stored(select(Delivery))) == 1


def test_staff_find_nothing_and_the_customer_hears_it_with_a_way_on(buyer, stored, app):
    [payment] = stored(select(Payment))
    staff(app, fulfilment.reject_by_staff, payment.id, why="The amount was not right.")
    news = buyer.replies[-1].text
    assert "could not find your payment" in news
    assert "The amount was not right." in news
    assert "/pay/" in news
    assert stored(select(Order))[0].state == "pending"
