import hmac
import json
from hashlib import sha256

import pytest


@pytest.fixture
def secret_typed(catalogue):
    catalogue.setting("myplugin.myplugin_secret", "a secret")


@pytest.fixture
def report(app):
    """Sends what the provider reports; the status that it gets back."""

    def send(said, secret="a secret", seal=None):
        body = json.dumps(said).encode()
        seal = seal or hmac.new(secret.encode(), body, sha256).hexdigest()
        answer = app.test_client().post(
            "/webhooks/payments/myplugin", data=body, headers={"X-Signature": seal}
        )
        return answer.status_code

    return send


def bought(customer, catalogue):
    """What the provider would say when somebody had paid for a book."""
    customer.taps(f"buy:{catalogue.file('Book').id}")
    order = customer.orders[-1]
    return {
        "id": "1",
        "order": order.id,
        "reference": "r1",
        "amount": order.total,
        "currency": order.currency,
    }


@pytest.mark.usefixtures("secret_typed")
def test_a_reported_payment_delivers(customer, catalogue, report):
    said = bought(customer, catalogue)
    assert "My plugin" in customer.opens_pay_page().text
    assert report(said) < 300
    assert "/d/" in customer.replies[-1].text


@pytest.mark.usefixtures("secret_typed")
def test_nobody_else_can_report_a_payment(customer, catalogue, report):
    said = bought(customer, catalogue)
    assert report(said, "a wrong secret") == 400
    assert report(said, seal="é") == 400
    assert customer.orders[-1].state == "pending"


def test_before_the_secret_is_typed_no_report_is_taken(customer, catalogue, report):
    assert report(bought(customer, catalogue), "") == 400
    assert customer.orders[-1].state == "pending"
