import re
from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

import pytest
from sqlalchemy import select

from salesbot.models import Product, db
from tests.web.conftest import words

FOREIGN = [
    {"environ_base": {"REMOTE_ADDR": "192.0.2.7"}},
    {"environ_base": {"REMOTE_ADDR": "2001:db8::1"}},
    {"headers": {"X-Forwarded-For": "192.0.2.7"}},
    {"headers": {"Forwarded": "for=192.0.2.7"}},
    {"headers": {"Host": "shop.example.com"}},
    {"headers": {"Host": "127.0.0.1.rebind.example:5000"}},
]


def ask(browser, path, environ_base=None, **how):
    if environ_base:
        how["environ_overrides"] = environ_base
    return browser.get(path, **how)


class Tags(HTMLParser):
    def __init__(self, html):
        super().__init__()
        self.seen = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))


def test_the_demo_shop_greets_with_a_phone(shop):
    answer = shop.browser().get("/")
    assert "Be a customer: say hi" in words(answer)
    assert 'data-base="/phone"' in answer.text
    assert "owner@" not in answer.text


@pytest.mark.parametrize("host", ["localhost:5000", "127.0.0.1:8000", "[::1]:5000", "localhost"])
def test_the_phone_answers_under_every_name_of_this_computer(shop, host):
    assert ask(shop.browser(), "/phone/messages", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("how", FOREIGN)
def test_a_stranger_gets_the_shops_page_and_no_phone(shop, how):
    front = ask(shop.browser(), "/", **how)
    assert "Buy in a chat." in words(front)
    assert "data-phone" not in front.text
    assert ask(shop.browser(), "/phone/messages", **how).status_code == 403


def test_a_real_shop_has_no_public_phone(own_shop):
    browser = own_shop.browser()
    assert browser.get("/phone/messages").status_code == 403
    assert "data-phone" not in browser.get("/").text


def test_the_shops_page_leads_to_whatsapp(own_shop):
    answer = own_shop.browser().get("/")
    assert 'href="https://wa.me/14155238886?text=Hi%20%28%23hi-web%29"' in answer.text
    assert "+14155238886" in words(answer)
    assert "E-books See it in the chat Short books that you can use the same day." in words(answer)
    assert "noindex" not in answer.text


def test_covers_are_public_and_kept_by_browsers(shop):
    with shop.app.app_context():
        cover = db.session.scalar(select(Product.cover).limit(1))
    for method in ("get", "head"):
        answer = getattr(shop.browser(REMOTE_ADDR="192.0.2.7"), method)(f"/media/{cover}")
        assert answer.status_code == 200
        assert answer.mimetype == "image/png"
        assert answer.cache_control.max_age > 10_000_000
        assert "Set-Cookie" not in answer.headers
        answer.close()


@pytest.mark.parametrize(
    "name", ["nothing.png", ".new-half", "..%2Ffiles%2Fa", "../keyring", "%2Fetc%2Fpasswd"]
)
def test_nothing_but_covers_is_under_media(shop, name):
    assert shop.browser().get(f"/media/{name}").status_code == 404


def test_a_course_opens_with_its_own_link_only(shop):
    _path, [page] = shop.bought("Watercolour Weekend")
    bought = shop.browser().get(page)
    link = re.search(r'href="[^"]*(/course/[^"]+)"', bought.text)[1]
    assert "Two colours that meet" in words(shop.browser().get(link))
    assert shop.browser().get(link[:-1]).status_code == 404
    assert shop.browser().get("/course/1").status_code == 404


def test_a_wrong_turn_is_answered_kindly(shop):
    answer = shop.browser().get("/no/such/page")
    assert answer.status_code == 404
    assert "There is nothing here" in words(answer)
    assert 'href="/"' in answer.text


def test_programs_are_not_answered_with_pages_for_people(shop):
    assert "To the shop" not in shop.browser().get("/webhooks/nobody").text


def test_a_fault_of_ours_says_that_nothing_is_lost(shop, monkeypatch):
    shop.app.config["PROPAGATE_EXCEPTIONS"] = False
    monkeypatch.setattr("salesbot.web.checkout.order_page", lambda _number: 1 / 0)
    path = shop.order("Plain Money")
    answer = shop.browser().get(path)
    assert answer.status_code == 500
    assert "nothing of yours is lost" in words(answer)
    assert "ZeroDivision" not in answer.text


def test_no_page_holds_code_or_style_of_its_own(shop):
    paid, deliveries = shop.bought("Focus Timer Pro", "Python by Example", "Phone Photography")
    for path in ["/", shop.order("Invoice Kit"), paid, *deliveries, "/nowhere"]:
        answer = shop.browser().get(path)
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'self'")
        for tag, attributes in Tags(answer.text).seen:
            assert "style" not in attributes, path
            assert not [name for name in attributes if name.startswith("on")], path
            assert tag != "style", path
            if tag in {"script", "link", "img"}:
                source = attributes.get("src") or attributes.get("href")
                assert source.startswith("/"), path


def test_the_shops_page_leads_to_each_product_and_can_be_passed_on(own_shop):
    """Each link types words of its own; messengers find an absolute picture."""
    browser, timer = own_shop.browser(), own_shop.product("Focus Timer Pro")
    html = browser.get("/").text
    seen = Tags(html).seen
    links = [unquote(attrs.get("href", "")) for tag, attrs in seen if tag == "a"]
    assert "https://wa.me/14155238886?text=Hi (#hi-web)" in links
    assert f"https://wa.me/14155238886?text=I would like: Focus Timer Pro (#{timer}-web)" in links
    assert "https://wa.me/14155238886?text=Show me: Apps & keys (#c1-web)" in links
    preview = {attrs.get("property"): attrs.get("content") for tag, attrs in seen if tag == "meta"}
    assert preview["og:title"] == "Little Harbour"
    picture = urlsplit(preview["og:image"])
    assert picture.scheme
    assert browser.get(picture.path).mimetype == "image/png"
