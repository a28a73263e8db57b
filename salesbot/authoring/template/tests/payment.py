import hmac
import json
from hashlib import sha256

import pytest


@pytest.fixture
def report(app, catalogue):
    """Sends what the provider reports; the status that it gets back."""
    catalogue.setting("myplugin.myplugin_secret", "a secret")

    def send(said, secret="a secret"):
        body = json.dumps(said).encode()
        seal = hmac.new(secret.encode(), body, sha256).hexdigest()
        answer = app.test_client().post(
            "/webhooks/payments/myplugin", data=body, headers={"X-Signature": seal}
        )
        return answer.status_code

    return send


def test_a_reported_payment_delivers(customer, catalogue, report):
    book = catalogue.file("Book")
    customer.taps(f"buy:{book.id}")
    assert "My plugin" in customer.opens_pay_page().text
    order = customer.orders[-1]
    said = {
        "id": "1",
        "order": order.id,
        "reference": "r1",
        "amount": order.total,
        "currency": order.currency,
    }
    assert report(said, "a wrong secret") == 400
    assert customer.orders[-1].state == "pending"
    assert report(said) < 300
    assert "/d/" in customer.replies[-1].text
