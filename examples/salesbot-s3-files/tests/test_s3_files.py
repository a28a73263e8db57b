import socket
import time
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from salesbot_s3_files import storage

from salesbot.models import Delivery, PluginFailure, db
from salesbot.testing.customer import link_in

NAME = "libros/Fútbol für Anfänger & 50 %.pdf"


@pytest.fixture
def salesbot_config():
    return {"LANGUAGES": "en es"}


@pytest.fixture
def settings(catalogue, bucket):
    """Types what staff type; another value for a test in `settings(s3_bucket="other")`."""

    def type_in(**values):
        typed = {
            "s3_endpoint": bucket.endpoint,
            "s3_bucket": bucket.name,
            "s3_access_key": "shop",
            "s3_secret_key": "a secret that only the shop knows",
        }
        for name, value in {**typed, **values}.items():
            catalogue.setting(f"s3_files.{name}", value)

    type_in()
    return type_in


@pytest.fixture
def book(catalogue, settings, bucket):
    bucket.put(NAME)
    return catalogue.product("Football", kind="s3_file", options={"file": NAME})


@pytest.fixture
def browse(app):
    """Opens a link of the chat in a browser."""
    return lambda link: app.test_client().get(link[link.index("/s3-files/") :])


def buy(customer, goods):
    """The link in the message that hands the goods over."""
    customer.taps(f"buy:{goods.id}")
    return link_in(customer.pays()[-1].text, "/s3-files/")


def load(address, **headers):
    with urlopen(Request(address, headers=headers)) as answer:  # noqa: S310 - the server of these tests
        return answer.status, dict(answer.headers), answer.read()


def refused(address):
    with pytest.raises(HTTPError) as answer:
        load(address)
    return answer.value.code, answer.value.read().decode()


def look(app):
    return app.test_cli_runner().invoke(args=["s3-files", "check"])


def test_a_file_comes_to_the_chat_as_a_link(customer, book, browse):
    customer.taps(f"buy:{book.id}")
    text = customer.pays()[-1].text
    assert "Its size is 7 bytes." in text
    page = browse(link_in(text, "/s3-files/"))
    assert "Fútbol für Anfänger &amp; 50 %.pdf" in page.text
    assert page.headers["Cache-Control"] == "no-store"
    on = browse(link_in(text, "/s3-files/") + "/file")
    status, headers, content = load(on.location)
    assert (status, content) == (200, b"read me")
    assert headers["Content-Disposition"] == (
        "attachment; filename*=UTF-8''F%C3%BAtbol%20f%C3%BCr%20Anf%C3%A4nger%20%26%2050%20%25.pdf"
    )


def test_its_style_is_found(customer, book, browse, app):
    page = browse(buy(customer, book))
    style = page.text.split('href="/static/plugins/')[1].partition('"')[0]
    with app.test_client().get(f"/static/plugins/{style}") as answer:
        assert ".s3-file" in answer.text


def test_an_address_ends_and_the_page_makes_a_new_one(customer, book, browse, monkeypatch):
    link = buy(customer, book)
    monkeypatch.setattr(storage, "minutes", lambda: 1 / 60)
    old = browse(f"{link}/file").location
    assert load(old)[0] == 200
    assert "X-Amz-Expires=1&" in old
    time.sleep(2.1)
    status, told = refused(old)
    assert status == 403
    assert "expired" in told
    assert load(browse(f"{link}/file").location)[2] == b"read me"


def test_nobody_can_change_an_address_or_make_up_a_page(customer, book, browse, bucket):
    bucket.put("secret.txt")
    link = buy(customer, book)
    address = browse(f"{link}/file").location
    assert refused(address.replace("X-Amz-Expires=3600", "X-Amz-Expires=604800"))[0] == 403
    assert refused(address.replace(address.partition("?")[0], f"{bucket.endpoint}/shop/secret.txt"))[0] == 403
    assert refused(f"{bucket.endpoint}/shop/secret.txt")[0] == 403
    assert browse(link[:-1] + ("a" if link[-1] != "a" else "b")).status_code == 404


def test_a_big_file_comes_in_parts_from_the_storage_itself(customer, catalogue, settings, bucket, browse):
    from io import BytesIO

    content = bytes(range(256)) * 65_536  # 16 MB, which the storage keeps in pieces
    bucket.client.upload_fileobj(BytesIO(content), bucket.name, "film.mp4")
    film = catalogue.product("Film", kind="s3_file", options={"file": "film.mp4"})
    customer.taps(f"buy:{film.id}")
    text = customer.pays()[-1].text
    assert "Its size is 16.8 MB." in text
    address = browse(link_in(text, "/s3-files/") + "/file").location
    status, headers, half = load(address, Range="bytes=9000000-")
    assert status == 206
    assert headers["Content-Range"] == "bytes 9000000-16777215/16777216"
    assert half == content[9_000_000:]


def test_money_that_goes_back_closes_the_page(customer, book, browse, app):
    from salesbot import fulfilment, transaction
    from salesbot.models import Payment

    link = buy(customer, book)
    with app.app_context(), transaction():
        payment = db.session.query(Payment).one()
        refund = fulfilment.ask_refund(payment.id, payment.amount, who="olga@example.com")
        fulfilment.refunded_by_staff(refund.id, who="olga@example.com")
    assert customer.orders[-1].state == "cancelled"
    page = browse(link)
    assert page.status_code == 410
    assert "This was taken back." in page.text
    assert browse(f"{link}/file").status_code == 410


def test_while_the_storage_is_away_the_order_waits_and_then_arrives(customer, book, settings, clock, app):
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        closed = nobody.getsockname()[1]
    settings(s3_endpoint=f"http://127.0.0.1:{closed}")
    customer.taps(f"buy:{book.id}")
    assert "It comes to this chat by itself." in customer.pays()[-1].text
    with app.app_context():
        assert "plugin s3_files: the storage does not answer" in db.session.query(Delivery.error).scalar()
        assert db.session.query(PluginFailure).count() == 0
    settings()
    clock.move(minutes=1)
    assert "/s3-files/" in customer.replies[-1].text


def test_a_missing_file_is_told_to_staff_who_have_it_tried_again(customer, book, bucket, staff):
    bucket.remove(NAME)
    customer.taps(f"buy:{book.id}")
    assert "It comes to this chat by itself." in customer.pays()[-1].text
    agent, address = staff("agent"), f"/admin/order/{customer.orders[0].id}/try-again"
    page = agent.get(f"/admin/order/details/?id={customer.orders[0].id}").text
    assert f"there is no file “{NAME.replace('&', '&amp;')}” in the bucket" in page
    bucket.put(NAME)
    agent.post(address, {"delivery": 1})
    assert "/s3-files/" in customer.replies[-1].text


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"s3_bucket": ""}, "no bucket is named in the settings"),
        ({"s3_bucket": "nobody-has-this"}, "there is no bucket of this name"),
        ({"s3_secret_key": "wrong"}, "the secret key does not fit the access key"),
        ({"s3_access_key": "nobody"}, "the storage does not know this access key"),
        ({"s3_access_key": ""}, "the settings lack the access key or its secret key"),
        ({"s3_endpoint": "storage"}, "the settings of the storage are not right: Invalid endpoint: storage"),
        ({"s3_endpoint": "http://127.0.0.1:9"}, "the storage does not answer"),
        ({"s3_link_minutes": "soon"}, "the minutes of a link are a whole number from 1 to 10080, not “soon”"),
        ({"s3_link_minutes": "20000"}, "the minutes of a link are a whole number from 1 to 10080"),
    ],
)
def test_what_is_wrong_with_the_settings_is_said_in_words(app, settings, typed, said):
    settings(**typed)
    found = look(app)
    assert found.exit_code == 1
    assert found.output.startswith(f"Settings: {said}")
    assert "a secret that" not in found.output


def test_each_product_is_looked_at(app, catalogue, book, bucket):
    assert look(app).output == "The storage answers, and each product's file is there.\n"
    catalogue.product("Empty", kind="s3_file", options={})
    catalogue.product("Gone", kind="s3_file", options={"file": "gone.pdf"})
    found = look(app)
    assert found.exit_code == 1
    assert found.output.splitlines() == [
        'Empty: the product\'s options name no file, such as {"file": "books/one.pdf"}.',
        "Gone: there is no file “gone.pdf” in the bucket.",
    ]


def test_staff_see_what_the_hourly_look_found(app, catalogue, book, staff, clock, customer):
    catalogue.product("Gone", kind="s3_file", options={"file": "gone.pdf"})
    clock.move(hours=1, seconds=5)
    customer.says("hi")
    viewer, manager = staff("viewer"), staff("manager")
    assert "1 to put right" in viewer.get("/admin/").text
    page = viewer.get("/admin/s3-files/")
    assert "Gone: there is no file “gone.pdf” in the bucket." in page.text
    assert "Look now" not in page.text
    assert viewer.post("/admin/s3-files/check").status_code == 403
    catalogue.setting("s3_files.s3_bucket", "other")
    manager.get("/admin/s3-files/")
    manager.post("/admin/s3-files/check")
    customer.says("hi")
    assert "there is no bucket of this name" in manager.get("/admin/s3-files/").text


def test_a_buyer_reads_it_in_spanish(customer, book, browse):
    customer.says("hola")
    customer.taps(f"buy:{book.id}")
    text = customer.pays()[-1].text
    assert "Ocupa 7 bytes." in text
    assert "Descargar" in browse(link_in(text, "/s3-files/")).text


def test_the_secret_rests_encrypted_and_is_shown_to_nobody(app, settings, staff):
    assert "a secret that only the shop knows" not in staff("owner").get("/admin/settings/").text
    with app.app_context():
        stored = str(db.session.execute(db.text("SELECT * FROM shop_setting")).all())
    assert "s3_files.s3_secret_key" in stored
    assert "a secret that only" not in stored


def test_a_crash_delays_the_file_and_never_loses_it(customer, book, clock, monkeypatch, caplog):
    with monkeypatch.context() as broken:
        broken.setattr(storage, "size_of", None)
        customer.taps(f"buy:{book.id}")
        assert "It comes to this chat by itself." in customer.pays()[-1].text
    assert "plugin s3_files failed in salesbot_deliver" in caplog.text
    clock.move(minutes=1)
    assert "/s3-files/" in customer.replies[-1].text


def test_while_a_payment_is_disputed_nothing_is_loaded(customer, book, browse, app):
    from salesbot import PaymentEvent, fulfilment

    link = buy(customer, book)
    order = customer.orders[-1]
    with app.app_context():
        event = PaymentEvent("d1", order.id, f"money-{order.id}", "disputed", order.total, order.currency)
        fulfilment.take_event("test", event)
        db.session.commit()
    page = browse(f"{link}/file")
    assert page.status_code == 410
    assert "This is on hold, because its payment is being checked." in page.text
