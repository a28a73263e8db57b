"""A seller's first evening as somebody would spend it, for the test that counts and the tool that takes pictures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from salesbot.demo import OWNER
from salesbot.testing.customer import link_in
from salesbot.testing.twilio import StandIn

if TYPE_CHECKING:
    from playwright.sync_api import Page

SANDBOX = "+14155238886"
MINE = "whatsapp:+4915112345678"
KEYS = ("CALM-7Q2M-X4TD", "CALM-9K3P-W8RB", "CALM-2H6V-Z5NC", "CALM-8D4J-Y7GF")
PATIENCE = 15_000
"""Milliseconds."""


@dataclass
class Evening:
    """Somebody at a desk with a phone beside them; `done` is what their hands did, one entry an action.

    `looks` is called with a page and a word at the moments that are worth a picture.
    """

    page: Page
    phone: Page
    twilio: StandIn
    address: str
    looks: Callable[[Page, str], object] = lambda _page, _what: None
    done: list[str] = field(default_factory=list)

    def clicks(self, name: str, role: str = "button", *, on: Page | None = None) -> None:
        """Something with this name."""
        self.done.append(f"clicks {name}")
        where = on or self.page
        where.get_by_role(role, name=name, exact=True).first.click()
        where.wait_for_load_state("load")

    def goes_to(self, name: str) -> None:
        """By the menu."""
        self.clicks(name, "link")

    def fills(self, label: str, text: str) -> None:
        """A field of a form."""
        self.done.append(f"fills {label}")
        self.page.get_by_label(label, exact=True).first.fill(text)

    def writes(self, text: str) -> str:
        """On the phone; what comes back at once."""
        self.done.append(f"writes {text}")
        answer = self.twilio.writes(text, sender=MINE, ProfileName="Olga")
        assert answer.status == 200, answer.body
        return answer.text

    # ---- The evening ----

    def a_shop_of_ones_own(self, password: str) -> None:
        """The demo ends, and the shop has a name and languages."""
        page = self.page
        page.goto(f"{self.address}/admin/")
        self.fills("E-mail", OWNER)
        self.fills("Password", password)
        self.clicks("Sign in")
        self.looks(page, "back-office")
        self.goes_to("First steps")
        self.looks(page, "first-steps")
        self.clicks("Clear the demo …")
        self.clicks("Yes, end the demo")
        self.fills("Name of the shop", "Olga's apps")
        self.fills("Languages", "en es")
        self.clicks("Save")

    def the_product_is_typed(self) -> None:
        """A category, and a product with keys in it: the seller's own data."""
        page = self.page
        page.goto(f"{self.address}/admin/category/new/")
        page.locator("[name=title]").fill("Apps")
        page.get_by_role("button", name="Save", exact=True).first.click()
        page.wait_for_load_state("load")
        page.goto(f"{self.address}/admin/product/new/")
        page.locator("[name=title]").fill("Calm Timer")
        page.locator("[name=price]").fill("9")
        page.locator("[name=kind]").select_option("key")
        page.locator("[name=keys]").fill("\n".join(KEYS))
        page.locator("[name=summary]").fill("Work in quiet steps of 25 minutes.")
        self.looks(page, "product")
        page.get_by_role("button", name="Save", exact=True).first.click()
        page.get_by_text("Calm Timer").first.wait_for()

    def how_to_be_paid(self) -> None:
        """By transfer."""
        self.goes_to("Settings")
        self.fills("Bank or wallet details (name, number, bank)", "Olga Silva, DE00 0000 0000, Calm Bank")
        self.clicks("Save")

    def whatsapp(self) -> None:
        """The account, and the two addresses into the sandbox's settings at Twilio."""
        self.goes_to("Connect WhatsApp")
        self.fills("The shop's address", self.address)
        self.fills("Account SID", self.twilio.account)
        self.fills("Auth Token", self.twilio.token)
        self.fills("WhatsApp number", SANDBOX)
        self.fills("The sandbox's join words", "join calm-river")
        self.clicks("Save")
        self.looks(self.page, "whatsapp")
        to_copy = [self.page.locator(f"#address-{number}").input_value() for number in (1, 2)]
        paths = [urlsplit(one).path for one in to_copy]
        assert paths == ["/webhooks/twilio/message", "/webhooks/twilio/status"]
        self.done += ["pastes the address for messages", "pastes the address for receipts"]
        self.twilio.target = self.twilio.public_url = self.address

    def the_first_sale(self) -> str:
        """By the product's link on the own phone, paid by transfer, confirmed with one click; what came."""
        page, phone = self.page, self.phone
        self.goes_to("Links that sell")
        card = page.locator(".lk-card", has_text="Calm Timer")
        assert SANDBOX.removeprefix("+") in card.locator("input.lk-address").input_value()
        self.looks(page, "links")
        answer = self.writes(card.locator(".lk-words").inner_text())
        self.done.append("taps the link to pay")
        phone.goto(link_in(answer, "/pay/"))
        self.looks(phone, "pay")
        self.clicks("Bank transfer", on=phone)
        phone.get_by_text("Calm Bank").wait_for()
        self.done.append("goes to the first page")
        page.locator("a.sb-brand:visible").first.click()
        page.wait_for_load_state("load")
        self.done.append("opens the payment to check")
        page.locator("main a[href*='/admin/order/details/']").first.click()
        page.wait_for_load_state("load")
        self.looks(page, "money")
        self.clicks("The money has arrived")
        for _ in range(PATIENCE // 50):
            if self.twilio.messages:
                break
            page.wait_for_timeout(50)
        return self.twilio.messages[-1].body

    def own_words(self) -> str:
        """Another greeting; what "hi" brings now."""
        self.goes_to("Words")
        self.fills(
            "Welcome to {shop}. What would you like?", "Good to see you at {shop}! What would you like?"
        )
        self.looks(self.page, "words")
        self.clicks("Save")
        return self.writes("hi")
