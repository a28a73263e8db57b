"""Makes docs/images/sellers-*.png, the pictures of docs/sellers.md, by spending a seller's first evening.

Usage: make_sellers_pictures.py. Runs a demo shop and a stand-in for Twilio for it, and does what
tests/support/evening.py does. Needs what `make test` installs, and Chromium.
"""

from __future__ import annotations

import io
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from salesbot.testing.twilio import StandIn  # noqa: E402 - only now on the path
from tests.support.browser import ARGUMENTS, find_chromium  # noqa: E402
from tests.support.evening import SANDBOX, Evening  # noqa: E402
from tools import make_picture  # noqa: E402

FOLDER = ROOT / "docs" / "images"
DESK = {"width": 1120, "height": 700}
PHONE = {"width": 390, "height": 700}
COLOURS = 96
PUBLIC = "https://olgas-apps.example.com"
SHOWN = {
    "whatsapp": ".wa-columns",
    "links": ".lk-card:has-text('Calm Timer')",
}
"""What is scrolled to before a picture is taken, where it is not the top of the page."""


def keep(picture: bytes, name: str) -> None:
    """Keeps a picture small: few colours are enough for pages."""
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    path = FOLDER / f"sellers-{name}.png"
    image.quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)
    print(f"{path.relative_to(ROOT)} is {image.width} × {image.height}, {path.stat().st_size // 1024} KB.")


def look(page: Page, name: str) -> None:
    """Takes the picture `name` of a page as it is now."""
    page.evaluate("document.fonts.ready")
    if name in SHOWN:
        page.locator(SHOWN[name]).first.scroll_into_view_if_needed()
    if name == "whatsapp":
        # The address that a tunnel gives, in place of the one on this computer.
        page.evaluate(
            "([here, there]) => { for (const box of document.querySelectorAll('input')) "
            "box.value = box.value.replace(here, there); document.querySelector('.wa-trouble')?.remove(); }",
            [page.url.partition("/admin/")[0], PUBLIC],
        )
    page.wait_for_timeout(600)
    keep(page.screenshot(), name)


def main() -> None:
    """The evening, picture by picture."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        twilio = stack.enter_context(StandIn())
        twilio.account = twilio.contents.account = "AC" + "5a1e" * 8
        twilio.token, twilio.number = "0123456789abcdef0123456789abcdef", f"whatsapp:{SANDBOX}"
        address = stack.enter_context(make_picture.running(folder, {"TWILIO_API_URL": twilio.url}))
        playwright = stack.enter_context(sync_playwright())
        chromium = playwright.chromium.launch(
            executable_path=find_chromium(playwright), args=[*ARGUMENTS, "--disable-gpu"]
        )
        page = chromium.new_page(viewport=DESK, locale="en-GB")
        phone = chromium.new_page(viewport=PHONE, locale="en-GB")
        page.goto(address)
        make_picture.tap(page, "hi")
        page.locator(".bubble").last.wait_for()
        page.wait_for_timeout(1500)
        look(page, "demo")
        evening = Evening(page, phone, twilio, address, look)
        evening.a_shop_of_ones_own((folder / "demo-sign-in.txt").read_text().strip())
        evening.the_product_is_typed()
        evening.how_to_be_paid()
        evening.whatsapp()
        evening.the_first_sale()
        evening.own_words()
        page.goto(f"{address}/admin/conversation/")
        page.locator("main a[href*='/admin/conversation/details/']").first.click()
        page.wait_for_load_state("load")
        look(page, "chat")
        chromium.close()


if __name__ == "__main__":
    main()
