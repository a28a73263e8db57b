"""Makes docs/images/salesbot.png, the picture in the README, from a demo shop that it runs for it.

Usage: make_picture.py. A few customers write and buy, by signed webhooks as from Twilio; one more
buys on the phone in the browser. Needs what `make test` installs, and Chromium.
"""

from __future__ import annotations

import io
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import requests
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from salesbot.testing.customer import link_in
from salesbot.testing.twilio import StandIn
from salesbot.testing.twilio_webhooks import sid

ROOT = Path(__file__).resolve().parent.parent
PICTURE = ROOT / "docs" / "images" / "salesbot.png"
sys.path.insert(0, str(ROOT))

from tests.support.browser import ARGUMENTS, find_chromium  # noqa: E402 - only now on the path

PATIENCE = 60.0
DESK = {"width": 1400, "height": 800}
COLOURS = 256

TALKS = (
    ("Maria", "+5511955550101", ("hi", "1", "1", "1")),
    ("Tom", "+447700900123", ("sourdough", "1")),
    ("Lena", "+4915555550144", ("invoice kit", "1", "a person", "Does it open in LibreOffice too?")),
    ("Ayo", "+2348055550177", ("python book", "1")),
    ("Inés", "+34655550166", ("wallpapers",)),
)
"""Who writes what; whoever gets a pay link pays."""
WAITING = "Lena"
ANSWER = "It does. All sums stay as they are."

FRAME = """<!doctype html><meta charset="utf-8"><style>
body {{ margin: 0; background: #e9e3d6; }}
div {{ display: flex; gap: 36px; align-items: center; padding: 40px; width: max-content; }}
img {{ height: 740px; box-shadow: 0 18px 50px #0005; }}
.phone {{ border-radius: 62px; }}
.desk {{ border-radius: 14px; }}
</style><div><img class="phone" src="{phone}"><img class="desk" src="{desk}"></div>"""


@contextmanager
def running(folder: Path, settings: dict[str, str]) -> Iterator[str]:
    """A demo shop that runs in `folder` with these settings, `{address}` filled in; its address."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    filled = {name: value.format(address=address) for name, value in settings.items()}
    environment = {**os.environ, "SALESBOT_INSTANCE": str(folder), **filled}
    command = [sys.executable, "-m", "salesbot", "serve", "--demo", "--port", str(port), "--workers", "1"]
    with subprocess.Popen(command, env=environment, cwd=folder) as serving:
        try:
            wait_for(f"{address}/health/ready")
            yield address
        finally:
            serving.terminate()


def connected(twilio: StandIn) -> dict[str, str]:
    """What connects a shop with the stand-in."""
    return {
        "PUBLIC_URL": "{address}",
        "TWILIO_ACCOUNT_SID": twilio.account,
        "TWILIO_AUTH_TOKEN": twilio.token,
        "TWILIO_WHATSAPP_NUMBER": twilio.number,
        "TWILIO_API_URL": twilio.url,
    }


def free_port() -> int:
    """The usual port when nobody has it: its address stands in the picture."""
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", 5000))
        except OSError:
            probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(url: str) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        try:
            if requests.get(url, timeout=5).ok:
                return
        except requests.RequestException:
            pass
        time.sleep(0.5)
    raise SystemExit(f"{url} does not answer")


def talk(address: str, twilio: StandIn) -> None:
    """Lets everybody of TALKS say their words, and pay."""
    twilio.target = twilio.public_url = address
    for name, number, words in TALKS:
        for text in words:
            answer = twilio.writes(text, sender=f"whatsapp:{number}", ProfileName=name)
            for said in answer.messages:
                twilio.reports(said.action, sid(), "read")
            if "/pay/" in answer.text:
                pay(link_in(answer.text, "/pay/"))
    report(twilio)


def report(twilio: StandIn) -> None:
    """Waits until the worker has sent everything, and says that it has arrived."""
    known = -1
    while len(twilio.messages) != known:
        known = len(twilio.messages)
        time.sleep(3)
    twilio.catch_up()


def pay(link: str) -> None:
    """Pays an order as a customer with a browser would."""
    page = post(link, method="demo")
    post(page, result="pay")


def post(url: str, **form: str) -> str:
    """Sends a form; the address that it leads to."""
    answer = requests.post(url, data=form, timeout=PATIENCE)
    answer.raise_for_status()
    return answer.url


def picture_of_phone(browser: Browser, address: str) -> bytes:
    """A customer's phone after buying a licence key."""
    page = browser.new_page(viewport={"width": 1100, "height": 900}, device_scale_factor=2)
    page.goto(address)
    tap(page, "hi")
    tap(page, "1. Apps & keys")
    tap(page, "1. Focus Timer Pro")
    tap(page, "1. Buy")
    link = page.locator(".bubble a[href*='/pay/']").last
    link.wait_for()
    pay(str(link.get_attribute("href")))
    page.locator(".bubble", has_text="Your key").last.wait_for()
    page.wait_for_timeout(1500)
    taken = page.locator("[data-phone]").screenshot(omit_background=True)
    page.close()
    return taken


def tap(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=name == "hi").last.click()


def picture_of_desk(browser: Browser, address: str, password: str, twilio: StandIn) -> bytes:
    """The back office: the chat with somebody who wants a person."""
    page = browser.new_page(viewport=DESK, device_scale_factor=2)
    page.goto(f"{address}/admin/")
    page.fill("input[name=email]", "owner@demo.example")
    page.fill("input[name=password]", password)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/admin/?$"))
    page.get_by_role("link", name=WAITING).click()
    page.get_by_placeholder("Write to").fill(ANSWER)
    page.get_by_role("button", name="Send").click()
    page.locator(".chat-text", has_text=ANSWER).wait_for()
    report(twilio)
    page.wait_for_timeout(3000)
    page.evaluate("document.fonts.ready")
    page.evaluate("scrollTo(0, 0)")
    taken = page.screenshot()
    page.close()
    return taken


def side_by_side(browser: Browser, phone: bytes, desk: bytes) -> bytes:
    page = browser.new_page(viewport={"width": 1900, "height": 820})
    page.set_content(FRAME.format(phone=as_address(phone), desk=as_address(desk)), wait_until="load")
    taken = page.locator("div").screenshot()
    page.close()
    return taken


def as_address(picture: bytes) -> str:
    return "data:image/png;base64," + b64encode(picture).decode()


def main() -> None:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        twilio = stack.enter_context(StandIn())
        address = stack.enter_context(running(folder, connected(twilio)))
        talk(address, twilio)
        password = (folder / "demo-sign-in.txt").read_text().strip()
        playwright = stack.enter_context(sync_playwright())
        chromium = playwright.chromium.launch(
            executable_path=find_chromium(playwright), args=[*ARGUMENTS, "--disable-gpu"]
        )
        phone = picture_of_phone(chromium, address)
        desk = picture_of_desk(chromium, address, password, twilio)
        whole = side_by_side(chromium, phone, desk)
        chromium.close()
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    image = Image.open(io.BytesIO(whole)).convert("RGB")
    image.quantize(COLOURS, dither=Image.Dither.NONE).save(PICTURE, optimize=True)
    print(
        f"{PICTURE.relative_to(ROOT)} is {image.width} × {image.height}, {PICTURE.stat().st_size // 1024} KB."
    )


if __name__ == "__main__":
    main()
