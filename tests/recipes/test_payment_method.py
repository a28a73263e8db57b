"""A way to pay whose money a program reports."""

import hmac

from salesbot import (
    NotFromProvider,
    PaymentEvent,
    PaymentMethod,
    Redirect,
    Setting,
    hookimpl,
    setting,
)

PLUGIN = "coinpay"


class CoinPay(PaymentMethod):
    name = "coinpay"
    title = "Coins"

    def accepts(self, order):
        return order.currency == "USD" and bool(setting("coinpay_secret"))

    def start(self, order, key):
        return Redirect(f"https://coinpay.example/pay?key={key}&amount={order.total}")

    def events(self, request):
        given, secret = request.headers.get("X-Secret", ""), setting("coinpay_secret")
        if not secret or not hmac.compare_digest(given.encode(), secret.encode()):
            raise NotFromProvider("the secret is wrong")
        said = request.get_json()
        yield PaymentEvent(
            id=said["id"],
            order=said["order"],
            reference=said["id"],
            kind="paid",
            amount=said["amount"],
            currency="USD",
        )


@hookimpl
def salesbot_settings():
    return [Setting("coinpay_secret", "The secret that CoinPay sends with its reports", secret=True)]


@hookimpl
def salesbot_payment_methods():
    return CoinPay()


def test_the_buyer_is_sent_there_and_the_report_delivers(customer, catalogue, app):
    catalogue.setting("coinpay.coinpay_secret", "s3cret")
    customer.taps(f"buy:{catalogue.file('Book').id}")
    page = customer.opens_pay_page("coinpay")
    assert page.location.startswith("https://coinpay.example/pay?key=")
    order = customer.orders[-1]
    report = {"id": "c-1", "order": order.id, "amount": order.total}
    send = lambda secret: (  # noqa: E731
        app.test_client()
        .post("/webhooks/payments/coinpay", json=report, headers={"X-Secret": secret})
        .status_code
    )
    assert send("a guess") == send("ä") == 400
    assert send("s3cret") == 204
    assert send("s3cret") == 204, "the same report again changes nothing"
    assert "/d/" in customer.replies[-1].text
