"""From "hi" to the key in the chat, paid by card, through HTTP alone."""

import re
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, build_opener

import pytest

pytestmark = pytest.mark.both_databases


class Stay(HTTPRedirectHandler):
    """The way back leads to an address that only the world sees."""

    def redirect_request(self, *_args):
        return None


@pytest.mark.parametrize("salesbot_channel", ["twilio", "simulator"])
def test_a_customer_says_hi_pays_by_card_and_has_the_key(customer, catalogue, app, stripe):
    catalogue.key("Editor", price=1900, keys=["ED-1"])
    assert "Sam" in customer.says("hi")[0].text
    customer.says("editor")
    text = customer.picks("Buy")[0].text
    path = urlsplit(re.search(r"https?://\S+/pay/\S+", text)[0]).path
    browser = app.test_client()
    page = browser.get(path).text
    assert "$19.00" in page
    assert 'value="stripe"' in page

    stripes_page = browser.post(path, data={"method": "stripe"}).location
    assert stripes_page.startswith(stripe.url)
    opener = build_opener(Stay)
    with opener.open(stripes_page) as answer:
        assert "1900 USD" in answer.read().decode()
    with pytest.raises(HTTPError) as back:
        opener.open(stripes_page, data=b"")
    assert back.value.code == 303
    back.value.close()
    assert urlsplit(back.value.headers["Location"]).path == path

    assert "ED-1" in "\n".join(reply.text for reply in customer.replies)
    assert "It is paid, and everything is in your chat." in browser.get(path).text
    assert "ED-1" in "\n".join(reply.text for reply in customer.says("my orders"))
    assert stripe.asked[0].params["success_url"].endswith(path)
