import threading
from urllib.parse import urlsplit

import pytest

from salesbot import outbox
from salesbot.extensions import db, transaction
from salesbot.messages import Choice, Reply
from salesbot.models import Conversation, Message
from salesbot.worker import Worker
from tests.support.browser import DESK, PHONE, watched_page
from tests.support.servers import serving

SIZES = {"desk": DESK, "phone": PHONE}


@pytest.fixture
def address(shop):
    """Where the shop is open, with its worker at work."""
    stop = threading.Event()

    def work():
        worker = Worker(shop.app)
        while not stop.is_set():
            if not worker.once():
                stop.wait(0.1)

    thread = threading.Thread(target=work)
    with serving(shop.app) as address:
        shop.app.config["PORT"] = urlsplit(address).port
        thread.start()
        yield address
        stop.set()
        thread.join()


@pytest.fixture
def open_shop(browser, address, request):
    """The demo shop in a browser, at a desk or on a phone."""
    with watched_page(browser, viewport=SIZES[getattr(request, "param", "desk")]) as page:
        page.goto(address)
        yield page


both_sizes = pytest.mark.parametrize("open_shop", ["desk", "phone"], indirect=True)


def bubble(page, words):
    return page.locator(".bubble", has_text=words).last


def types(page, words):
    page.get_by_label("Your message").fill(words)
    page.get_by_label("Your message").press("Enter")


def say(shop, reply):
    """The shop says something by itself."""

    def put():
        chat = db.session.query(Conversation).one()
        outbox.say(chat.id, reply)

    shop.change(put)


@both_sizes
def test_a_visitor_buys_by_tapping_and_reads_the_key(shop, open_shop):
    page = open_shop
    page.get_by_role("button", name="hi", exact=True).click()
    page.get_by_role("button", name="1. Apps & keys").click()
    page.get_by_role("button", name="1. Focus Timer Pro").click()
    picture = page.locator(".bubble img")
    assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") == 800
    page.get_by_role("button", name="1. Buy").click()
    link = page.locator(".bubble a").last
    link.wait_for()
    assert page.locator("[data-order-state]").inner_text() == "To pay"
    with page.context.expect_page() as opened:
        link.click()
    pay_page = opened.value
    assert pay_page.get_by_role("heading", level=1).inner_text() == "How would you like to pay?"
    shop.pay("/pay/" + pay_page.url.rpartition("/")[2])
    pay_page.get_by_role("heading", name="Thank you!").wait_for()
    bubble(page, "Thank you!").wait_for()
    assert page.locator("[data-order-state]").inner_text() == "Delivered"
    with page.context.expect_page() as opened:
        page.locator("[data-order-deliveries] a").click()
    goods = opened.value
    key = goods.locator("code").inner_text()
    assert key in page.locator("[data-chat]").inner_text()
    for shown in (page, pay_page, goods):
        assert shown.evaluate("document.documentElement.scrollWidth <= innerWidth"), shown.url


def test_a_key_is_copied_with_one_press(shop, browser, address):
    _path, [page_path] = shop.bought("Focus Timer Pro")
    with watched_page(browser, permissions=["clipboard-read", "clipboard-write"]) as page:
        page.goto(address + page_path)
        page.get_by_role("button", name="Copy").click()
        page.get_by_role("button", name="Copied").wait_for()
        copied = page.evaluate("navigator.clipboard.readText()")
        assert copied == page.locator("code").inner_text()


def test_paying_and_downloading_work_without_javascript(shop, browser, address):
    unpaid = shop.order("Plain Money")
    _path, [goods] = shop.bought("Python by Example", address="another")
    with watched_page(browser, java_script_enabled=False) as page:
        page.goto(address + unpaid)
        with page.expect_response(lambda answer: answer.status == 303):
            page.get_by_role("button", name="Demo payment").click()
        page.goto(address + goods)
        with page.expect_download() as download:
            page.get_by_role("button", name="Download").click()
        assert download.value.suggested_filename == "python-by-example.pdf"
        page.goto(address + "/")
        assert "This phone needs JavaScript" in page.locator("noscript").inner_text()


def test_text_is_styled_like_whatsapp_and_never_read_as_html(shop, open_shop):
    page = open_shop
    types(page, "hi")
    bubble(page, "Welcome").wait_for()
    text = (
        "*bold* _slanted_ ~gone~ ```two\nlines``` *_both_* 2*3*4 my_file_name * no * "
        "<img src=x onerror=alert(1)> ```open\n"
        "https://shop.example/pay/a-b_c_?x=1&y=(2). Ok"
    )
    say(shop, Reply(text))
    made = bubble(page, "my_file_name")
    made.wait_for()
    inside = made.locator(".text")
    assert inside.locator("strong").all_inner_texts() == ["bold", "both"]
    assert inside.locator("em").all_inner_texts() == ["slanted", "both"]
    assert inside.locator("s").all_inner_texts() == ["gone"]
    assert inside.locator("code").all_inner_texts() == ["two\nlines"]
    assert inside.locator("img").count() == 0
    assert "<img src=x onerror=alert(1)> ```open" in inside.inner_text()
    link = inside.locator("a")
    assert link.get_attribute("href") == "https://shop.example/pay/a-b_c_?x=1&y=(2"
    assert link.get_attribute("target") == "_blank"
    assert "noopener" in link.get_attribute("rel")


def test_only_the_choices_shown_last_can_be_tapped(shop, open_shop):
    page = open_shop
    types(page, "hi")
    page.get_by_role("button", name="2. E-books").click()
    page.get_by_role("button", name="1. Python by Example").wait_for()
    assert page.locator("button.pick", has_text="Apps & keys").count() == 0
    assert "1. Apps & keys" in page.locator("[data-chat]").inner_text()


def test_a_numbered_text_without_choices_is_only_text(shop, open_shop):
    page = open_shop
    types(page, "hi")
    bubble(page, "Welcome").wait_for()
    say(shop, Reply("Three rules:\n1. Be kind\n2. Be quick"))
    rules = bubble(page, "Be kind")
    rules.wait_for()
    assert rules.locator("button").count() == 0


def test_news_does_not_pull_a_reader_down(shop, open_shop):
    page = open_shop
    types(page, "hi")
    bubble(page, "Welcome").wait_for()
    say(shop, Reply("\n".join(f"line {number}" for number in range(120))))
    bubble(page, "line 119").wait_for()
    chat = page.locator("[data-chat]")
    assert chat.evaluate("chat => chat.scrollHeight - chat.scrollTop - chat.clientHeight < 2")
    chat.evaluate("chat => { chat.scrollTop = 40; }")
    say(shop, Reply("Your order is here.", [Choice("menu", "Menu")]))
    page.get_by_role("button", name="New message").wait_for()
    assert chat.evaluate("chat => chat.scrollTop") == 40
    page.get_by_role("button", name="New message").click()
    assert chat.evaluate("chat => chat.scrollHeight - chat.scrollTop - chat.clientHeight < 2")
    assert page.get_by_role("button", name="New message").is_hidden()


def test_what_was_written_while_the_shop_was_away_can_be_sent_again(shop, open_shop):
    page = open_shop
    page.route("**/phone/messages", lambda route: route.abort())
    types(page, "hi")
    page.get_by_role("button", name="Not sent. Tap to try again.").wait_for()
    page.unroute("**/phone/messages")
    page.get_by_role("button", name="Not sent. Tap to try again.").click()
    bubble(page, "Welcome").wait_for()
    with shop.app.app_context(), transaction():
        assert db.session.query(Message).filter_by(direction="in").count() == 1
    assert page.get_by_text("Not sent.").count() == 0


def test_buttons_and_lists_are_shown_when_the_shop_sends_them(open_shop):
    page = open_shop
    choices = [{"id": f"category:{n}", "title": f"Shelf {n}", "detail": "small words"} for n in (1, 2)]

    def answer(route):
        if route.request.method == "POST":
            route.fallback()
            return
        message = {
            "mine": False, "media_url": None, "media_type": None, "choices": choices,
            "state": "delivered", "at": "2026-11-22T10:00:00Z", "plugin": "greeting",
        }  # fmt: skip
        shown = [
            {"id": 1, "text": "Tap", "style": "buttons", **message},
            {"id": 2, "text": "Choose", "style": "list", **message},
        ]
        route.fulfill(json={"messages": shown, "cursor": 2, "order": None})

    page.route("**/phone/messages?*", answer)
    page.get_by_role("button", name="Shelf 2").wait_for()
    page.get_by_role("button", name="☰ Choose").click()
    sheet = page.get_by_role("dialog")
    assert "small words" in sheet.inner_text()
    page.keyboard.press("Escape")
    assert sheet.is_hidden()
    page.get_by_role("button", name="☰ Choose").click()
    with page.expect_request(lambda request: request.method == "POST") as sent:
        sheet.get_by_role("button", name="Shelf 1").click()
    assert "choice=category%3A1" in sent.value.post_data


@both_sizes
def test_everything_on_the_front_can_be_reached_with_the_keyboard(open_shop):
    page = open_shop
    page.get_by_role("button", name="hi", exact=True).wait_for()
    reached = []
    for _press in range(12):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.ariaLabel || document.activeElement.innerText"))
    for name in ("Skip to the page", "Back office", "Messages", "hi", "Send"):
        assert name in reached, reached
