"""News on this device in a real Chromium: switched on, tried, shown, opened, and switched off.

Chromium would subscribe at its maker's push service, which tests can't reach; everything else is real.
"""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from sqlalchemy import select

from salesbot import clock
from salesbot.models import PushDevice
from salesbot.worker import Worker
from tests.admin import rows as make
from tests.admin.conftest import PASSWORD, SIZES
from tests.admin.test_browser import CONTRAST
from tests.support.browser import DESK, PHONE, watched_page
from tests.support.push_service import Browser, push_service

TEST = "This is the test. News will look like this."
SUBSCRIBES = """
(form) => {
  let mine = null;
  const made = { endpoint: form.endpoint, toJSON: () => ({ keys: { p256dh: form.p256dh, auth: form.auth } }),
                 unsubscribe: async () => { mine = null; sessionStorage.removeItem("subscribed"); return true; } };
  PushManager.prototype.subscribe = async (options) => {
    if (options.applicationServerKey.length !== 65 || !options.userVisibleOnly) { throw new TypeError("options"); }
    sessionStorage.setItem("subscribed", "1");
    return (mine = made);
  };
  PushManager.prototype.getSubscription = async () => mine || (sessionStorage.getItem("subscribed") ? made : null);
}
"""


@pytest.fixture
def service():
    with push_service() as service:
        yield service


@pytest.fixture
def salesbot_config(salesbot_config, service):
    return {**salesbot_config, "PUSH_URL": service.address}


def signs_in(page: Any, address: str, path: str) -> None:
    page.goto(f"{address}{path}")
    page.get_by_label("E-mail").fill("olga@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


SHOWN = """async () => (await (await navigator.serviceWorker.getRegistration("/admin/")).getNotifications())
    .map(one => one.body).sort().join("|")"""


def shows(page: Any, bodies: list[str]) -> None:
    """Waits until the device shows these notifications and no other."""
    page.wait_for_function(f"async (wanted) => (await ({SHOWN})()) === wanted", arg="|".join(bodies))


def test_news_on_this_device(app, browser, address, rows, service, stored):
    """From the switch to the page behind a notification, and back off again."""
    mine = Browser("chromium")
    with watched_page(browser, viewport=PHONE, permissions=["notifications"]) as page:
        page.add_init_script(f"({SUBSCRIBES})({json.dumps(mine.form)})")
        signs_in(page, address, "/admin/news/")
        page.get_by_role("button", name="Switch on for this device").click()
        page.get_by_text("This device hears news now.").wait_for()
        assert stored(select(PushDevice.endpoint)) == [mine.endpoint]
        for size in SIZES.values():
            page.set_viewport_size(size)
            assert page.evaluate(CONTRAST) == {}
            assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
        page.get_by_role("button", name="Send me a test").click()
        page.get_by_text("It is on its way").wait_for()
        Worker(app).drain()
        page.get_by_text("It is sent.").wait_for()

        worker = page.context.service_workers[0]
        session = page.context.new_cdp_session(page)
        numbers: list[str] = []
        session.on(
            "ServiceWorker.workerRegistrationUpdated",
            lambda event: numbers.extend(one["registrationId"] for one in event["registrations"]),
        )
        session.send("ServiceWorker.enable")
        while not numbers:
            page.wait_for_timeout(20)

        def arrives(news: dict[str, Any]) -> None:
            told = {"origin": address, "registrationId": numbers[0], "data": json.dumps(news)}
            session.send("ServiceWorker.deliverPushMessage", told)

        arrives(service.told(mine)[0])
        shows(page, [TEST])

        with rows():
            make.chat("Ana", person_wanted_at=clock.now())
        Worker(app).drain()
        news = service.told(mine)[-1]
        # Whoever looks at the back office sees it there, and not a second time.
        page.get_by_role("link", name="Ana waits for a person.").wait_for(timeout=10_000)
        arrives(news)
        page.wait_for_timeout(300)
        shows(page, [TEST])
        worker.evaluate("() => { self.clients.matchAll = async () => []; }")  # as with no page open
        arrives(news)
        arrives(news)
        shows(page, ["Ana waits for a person.", TEST])
        opened = worker.evaluate(
            """async () => {
                const opened = [];
                self.clients.openWindow = async (address) => { opened.push(address); return null; };
                for (const notification of await self.registration.getNotifications()) {
                  const event = new NotificationEvent("notificationclick", { notification });
                  self.dispatchEvent(event);
                }
                await new Promise(done => setTimeout(done, 200));
                return opened;
            }"""
        )
        assert sorted(opened) == [f"{address}/admin/conversation/details/?id=1", f"{address}/admin/news/"]
        shows(page, [])
        page.goto(min(opened))
        page.get_by_role("heading", name=re.compile("Ana")).first.wait_for()

        page.goto(f"{address}/admin/news/")
        page.get_by_role("button", name="Switch off for this device").click()
        page.get_by_role("button", name="Switch on for this device").wait_for()
        assert stored(select(PushDevice)) == []


def test_signing_out_ends_the_news_of_this_device(browser, address, stored):
    """What is pressed on a borrowed computer is meant."""
    mine = Browser("borrowed")
    with watched_page(browser, viewport=DESK, permissions=["notifications"]) as page:
        page.add_init_script(f"({SUBSCRIBES})({json.dumps(mine.form)})")
        signs_in(page, address, "/admin/news/")
        page.get_by_role("button", name="Switch on for this device").click()
        page.get_by_text("This device hears news now.").wait_for()
        page.goto(f"{address}/admin/category/")
        page.wait_for_function("() => document.querySelector('[data-device]').value")
        page.get_by_role("button", name="Sign out").click()
        page.get_by_text("You are signed out.").wait_for()
        assert stored(select(PushDevice)) == []


def test_a_browser_that_must_not_or_can_not_is_told_what_to_do(browser, address):
    """Refused, too old, an iPhone without the app; each with its remedy, and no button that would fail."""
    with watched_page(browser, viewport=PHONE) as page:
        page.add_init_script(
            "Object.defineProperty(Notification, 'permission', { get: () => window.name || 'denied' })"
        )
        signs_in(page, address, "/admin/news/")
        page.get_by_text("allow notifications there").wait_for()
        assert not page.get_by_role("button", name="Switch on for this device").is_visible()
    with watched_page(browser, viewport=PHONE) as page:
        page.add_init_script("delete window.PushManager")
        signs_in(page, address, "/admin/news/")
        page.get_by_text("This browser can’t show news by itself.").wait_for()
    iphone = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Version/18.5 Mobile/15E148 Safari/604.1"
    with watched_page(browser, viewport=PHONE, user_agent=iphone) as page:
        page.add_init_script("delete window.PushManager")
        signs_in(page, address, "/admin/news/")
        page.get_by_text("Add to Home Screen").wait_for()
        assert page.locator("link[rel=apple-touch-icon]").count() == 1
