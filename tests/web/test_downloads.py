"""Downloads: counted when a person asks for one, resumed without counting, never more than allowed."""

from __future__ import annotations

import threading
import tracemalloc
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select

from salesbot import fulfilment
from salesbot.database import db, transaction
from salesbot.models import Delivery, Order, OrderEvent
from salesbot.services import uploads
from salesbot.testing.customer import link_in

CONTENT = bytes(range(256)) * 40


@pytest.fixture
def bought(app, customer, catalogue):
    """Buys a file; the path of its delivery page."""

    def buy(title="Book", **how):
        catalogue.file(title, content=how.pop("content", CONTENT), **how)
        customer.says(title)
        customer.picks("Buy")
        customer.pays()
        return path_in(customer)

    return buy


@pytest.fixture
def downloads(stored):
    """How often the newest file was downloaded, as the shop counts."""
    return lambda: stored(select(Delivery.downloads).order_by(Delivery.id.desc()))[0]


def path_in(customer):
    text = next(reply.text for reply in reversed(customer.history) if "/d/" in reply.text)
    return urlsplit(link_in(text, "/d/")).path


def press(app, page):
    """Somebody presses "Download"; the address of the bytes."""
    with app.test_client() as browser:
        answer = browser.post(page, data={"unit": "1"})
        assert answer.status_code == 303
        return answer.location


def get(app, path, method="GET", **headers):
    with app.test_client() as browser:
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        return browser.open(path, method=method, headers=names, buffered=True)


def change(app, statement, **columns):
    with app.app_context(), transaction():
        row = db.session.scalar(statement)
        for name, value in columns.items():
            setattr(row, name, value)


def test_pressing_counts_and_the_bytes_come_from_an_address_of_their_own(app, bought, downloads):
    address = press(app, bought())
    assert downloads() == 1
    answer = get(app, address)
    assert (answer.status_code, answer.data) == (200, CONTENT)
    assert answer.headers["Content-Disposition"] == "attachment; filename=book.pdf"
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"


def test_a_download_that_broke_off_goes_on_without_being_counted_again(app, bought, downloads):
    address = press(app, bought())
    first = get(app, address, Range="bytes=0-4999")
    assert (first.status_code, len(first.data)) == (206, 5000)
    assert first.headers["Content-Range"] == f"bytes 0-4999/{len(CONTENT)}"
    rest = get(app, address, Range="bytes=5000-", If_Range=first.headers["ETag"])
    assert rest.status_code == 206
    assert first.data + rest.data == CONTENT
    assert get(app, address, Range="bytes=-100").data == CONTENT[-100:]
    assert downloads() == 1


def test_a_file_that_has_changed_meanwhile_comes_whole(app, bought):
    address = press(app, bought())
    answer = get(app, address, Range="bytes=5000-", If_Range='"another file"')
    assert (answer.status_code, answer.data) == (200, CONTENT)


def test_a_part_that_is_not_there_is_refused(app, bought):
    assert get(app, press(app, bought()), Range="bytes=999999-").status_code == 416


def test_looking_at_it_never_counts(app, bought, downloads):
    page = bought()
    for path in (page, press(app, page)):
        head = get(app, path, "HEAD")
        assert (head.status_code, head.data) == (200, b"")
    for _time in range(3):
        get(app, page)
    assert downloads() == 1


def test_a_link_given_to_somebody_else_shares_the_limit(app, bought, downloads):
    page = bought()
    for _person in range(5):
        assert get(app, press(app, page)).data == CONTENT
    with app.test_client() as sixth:
        answer = sixth.post(page, data={"unit": "1"})
    assert answer.status_code == 410
    assert "as often as this link allows" in answer.text
    assert downloads() == 5


def test_the_bytes_stop_after_some_hours_and_the_page_goes_on(app, bought, clock):
    page = bought()
    address = press(app, page)
    clock.move(hours=5, minutes=59)
    assert get(app, address).data == CONTENT
    clock.move(minutes=2)
    answer = get(app, address)
    assert answer.status_code == 410
    assert "This download has ended" in answer.text
    assert page not in answer.text, "an old address must not lead a stranger on"
    assert get(app, press(app, page)).data == CONTENT


def test_the_last_day_of_a_file_ends_new_downloads_until_it_is_renewed(
    app, bought, clock, customer, downloads
):
    page = bought()
    clock.move(days=31)
    with app.test_client() as browser:
        answer = browser.post(page, data={"unit": "1"})
    assert (answer.status_code, downloads()) == (410, 0)
    assert "This link has ended" in answer.text
    customer.says("my orders")
    assert get(app, press(app, page)).data == CONTENT


def test_staff_renew_a_download_and_it_stands_in_the_timeline(app, bought, downloads, stored):
    page = bought()
    for _time in range(5):
        press(app, page)
    with app.app_context(), transaction():
        fulfilment.renew(db.session.scalar(select(Delivery.id)), who="ana")
    assert downloads() == 0
    assert get(app, press(app, page)).data == CONTENT
    [event] = stored(select(OrderEvent).where(OrderEvent.what == "renewed a download"))
    assert (event.who, event.why) == ("ana", "Book")


@pytest.mark.parametrize(
    ("what", "columns"),
    [(select(Delivery), {"state": "revoked"}), (select(Order), {"frozen_at": True})],
    ids=["revoked", "frozen"],
)
def test_what_was_taken_back_or_is_on_hold_stops_at_once(app, bought, downloads, clock, what, columns):
    page = bought()
    address = press(app, page)
    change(app, what, **{name: clock.now() if value is True else value for name, value in columns.items()})
    assert get(app, address).status_code == 410
    with app.test_client() as browser:
        assert browser.post(page, data={"unit": "1"}).status_code == 410
    seen = get(app, page).text
    assert "<form" not in seen
    assert "book.pdf" not in seen
    assert downloads() == 1


def test_a_changed_address_opens_nothing(app, bought):
    page = bought()
    address = press(app, page)
    assert get(app, address[:-3]).status_code == 404
    assert get(app, page.replace("/d/", "/d/file/")).status_code == 404, "a page's word is no download's"


@pytest.mark.parametrize(
    ("name", "plain", "full"),
    [
        ("Über uns.pdf", '"Uber uns.pdf"', "%C3%9Cber%20uns.pdf"),
        ("学习 Python.epub", '" Python.epub"', "%E5%AD%A6%E4%B9%A0%20Python.epub"),
        ('a"b.zip', "a_b.zip", None),
        ("evil\r\nX: y.pdf", '"evilX_ y.pdf"', None),
    ],
)
def test_names_in_every_language_reach_the_browser(app, bought, name, plain, full):
    found = get(app, press(app, bought(file_name=name))).headers["Content-Disposition"]
    assert found == f"attachment; filename={plain}" + (f"; filename*=UTF-8''{full}" if full else "")


def test_two_hundred_megabytes_pass_through_little_memory(app, bought):
    size = 200_000_000
    page = bought()
    with app.app_context():
        [path] = uploads.files_folder().iterdir()
    with path.open("r+b") as file:
        file.truncate(size)
        file.seek(size - 4)
        file.write(b"last")
    address = press(app, page)
    tracemalloc.start()
    try:
        with app.test_client() as browser:
            answer = browser.get(address, buffered=False)
            seen, largest, last = 0, 0, b""
            for chunk in answer.iter_encoded():
                seen, largest, last = seen + len(chunk), max(largest, len(chunk)), chunk
            answer.close()
        _now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (seen, last[-4:]) == (size, b"last")
    assert largest <= 1_000_000
    assert peak < 20_000_000
    assert get(app, address, Range=f"bytes={size - 4}-").data == b"last"


@pytest.mark.both_databases
def test_many_presses_at_once_are_never_more_than_allowed(app, bought, downloads):
    page = bought()
    at_once = threading.Barrier(12)
    answers = []

    def person():
        with app.test_client() as browser:
            at_once.wait()
            answers.append(browser.post(page, data={"unit": "1"}).status_code)

    people = [threading.Thread(target=person) for _ in range(12)]
    for one in people:
        one.start()
    for one in people:
        one.join()
    assert sorted(answers) == [303] * 5 + [410] * 7
    assert downloads() == 5


@pytest.mark.both_databases
def test_a_right_that_is_renewed_counts_from_the_beginning(app, bought, downloads, customer):
    page = bought()
    for _time in range(5):
        press(app, page)
    customer.says("my orders")
    assert downloads() == 0
    press(app, page)
    assert downloads() == 1
