"""A browser test fails when its page leans on another machine or is broken."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from werkzeug.wrappers import Request, Response

from tests.support.browser import PHONE, watched_page
from tests.support.servers import serving

PAGES = {
    "/": "<title>A shop</title><h1>Hello</h1>",
    "/elsewhere": '<img src="https://elsewhere.test/picture.png">',
    "/missing": '<link rel="stylesheet" href="/nothing.css">',
    "/broken": "<script>nobody.knows()</script>",
}


@Request.application
def site(request: Request) -> Response:
    body = PAGES.get(request.path)
    return Response(body or "Nothing is here.", status=200 if body else 404, mimetype="text/html")


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with serving(site) as address:
        yield address


def test_a_page_of_this_machine_is_shown(page, address):
    page.goto(address)
    assert page.title() == "A shop"
    assert page.inner_text("h1") == "Hello"


def test_a_phone_is_as_wide_as_a_phone(browser, address):
    with watched_page(browser, viewport=PHONE) as page:
        page.goto(address)
        assert page.evaluate("window.innerWidth") == 390


def test_a_page_that_is_not_found_is_no_reason_to_complain(page, address):
    assert page.goto(f"{address}/gone").status == 404


@pytest.mark.parametrize(
    ("path", "complaint"),
    [
        ("/elsewhere", "asked for https://elsewhere.test/picture.png"),
        ("/missing", "got 404 for .*/nothing.css"),
        ("/broken", "broke: nobody is not defined"),
    ],
)
def test_what_a_page_does_wrong_fails_its_test(browser, address, path, complaint):
    with pytest.raises(AssertionError, match=complaint), watched_page(browser) as page:
        page.goto(address + path)
