import hmac
import json
from hashlib import sha256

from salesbot import (
    NotFromProvider,
    PaymentEvent,
    PaymentMethod,
    Setting,
    Show,
    hookimpl,
    setting,
    show_money,
)


@hookimpl(specname="salesbot_settings")
def payment_settings():
    return [Setting("myplugin_secret", "My plugin: what signs its reports", secret=True)]


class MyPluginPayment(PaymentMethod):
    name = "myplugin"
    title = "My plugin"

    def accepts(self, order):
        return bool(setting("myplugin_secret"))

    def start(self, order, key):
        """HTTP is welcome here. `key` is the same for the same order, however often this is asked."""
        total = show_money(order.total, order.currency, order.customer.language)
        words = _("Pay {total} and name order {number}.")
        return Show(words.format(total=total, number=order.number))

    def events(self, request):
        """What the provider reports at /webhooks/payments/myplugin."""
        body, secret = request.get_data(), setting("myplugin_secret")
        seal = hmac.new(secret.encode(), body, sha256).hexdigest()
        given = request.headers.get("X-Signature", "")
        if not secret or not hmac.compare_digest(seal.encode(), given.encode()):
            raise NotFromProvider("the signature is wrong")
        said = json.loads(body)
        yield PaymentEvent(
            id=said["id"],
            order=said["order"],
            reference=said["reference"],
            kind="paid",
            amount=said["amount"],
            currency=said["currency"],
        )


@hookimpl
def salesbot_payment_methods():
    return MyPluginPayment()
