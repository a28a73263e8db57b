"""From the demo to a shop of one's own: what is done, as the data says, and what comes next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import current_app, flash, redirect, request, url_for
from flask_admin import BaseView, expose
from flask_babel import gettext, lazy_gettext
from sqlalchemy import exists, func, select
from werkzeug.wrappers import Response

from salesbot import demo, fulfilment, messages
from salesbot.admin.access.guard import Guard
from salesbot.admin.access.roles import may
from salesbot.admin.rules import SYSTEM
from salesbot.admin.shown.meanwhile import fingerprint
from salesbot.admin.shown.noted import because
from salesbot.admin.system.settings import Line, core_lines
from salesbot.channels.twilio_senders import SANDBOX
from salesbot.demo import clearing
from salesbot.errors import ConfigError, SalesbotError, WrongState
from salesbot.extensions import db, transaction
from salesbot.models import Category, Order, OrderLine, Payment, Product, StaffUser
from salesbot.services import catalog, look, shop, uploads, webhook_calls
from salesbot.shop_state import forget

OUR_COLOUR = "#0d6b59"
OWN = ("SHOP_NAME", "CURRENCY", "LANGUAGES")
NEWEST = 300
"""So many orders are looked at: they tell it as well as all do."""
PRODUCTS = 50
"""So many products are looked at; the demo has fewer."""


@dataclass(frozen=True)
class Step:
    """One step; `at` is the path of the page where it is done, "" when that is this page."""

    name: str
    title: str
    text: str
    done: bool
    at: str = ""
    label: str = ""


def steps() -> list[Step]:
    """All steps, in the order in which they are best done. Call it outside transactions."""
    can_be_paid = bool(_ways_to_pay())
    is_demo, has_category = shop.is_demo(), _has_category()
    number, address = str(shop.setting("TWILIO_WHATSAPP_NUMBER")), str(shop.setting("PUBLIC_URL"))
    arrived = bool(number) and webhook_calls.last_message() is not None
    return [
        Step(
            "demo",
            gettext("End the demo"),
            gettext("Look around in it first. Then end it, and the shop is yours."),
            not is_demo,
        ),
        Step(
            "account",
            gettext("An account of your own"),
            gettext("Make one under Staff, sign in with it, and switch the demo's account off."),
            _has_own_account(),
            url_for("admin_staff_user.index_view"),
            gettext("Staff"),
        ),
        Step(
            "shop",
            gettext("Name, currency, languages"),
            gettext("The currency counts for all prices, so choose it before the first product."),
            not is_demo and all(_is_chosen(name) for name in OWN),
        ),
        Step(
            "look",
            gettext("Your logo and colour"),
            gettext("They are on every page that your customers see, such as where they pay."),
            bool(look.colour() or look.logo()),
        ),
        Step(
            "product",
            gettext("Your first product"),
            gettext("First a category, then a product in it: what it costs, and what the buyer gets."),
            _has_own_product(),
            url_for("admin_product.create_view" if has_category else "admin_category.create_view"),
            gettext("New product") if has_category else gettext("New category"),
        ),
        Step(
            "money",
            gettext("How you are paid"),
            gettext("Type your bank details, or connect Stripe for cards."),
            not is_demo and can_be_paid,
            url_for("admin_settings.index"),
            gettext("Settings"),
        ),
        Step(
            "whatsapp",
            gettext("Connect WhatsApp"),
            gettext("Twilio's sandbox is enough to begin with. It is done when your first message has come."),
            arrived,
            url_for("admin_whatsapp.index"),
            gettext("Connect WhatsApp"),
        ),
        Step(
            "try",
            gettext("Be your own first customer"),
            gettext("Buy one of your products, in the simulator or with your phone, until you have it."),
            not is_demo and _was_tried(),
            url_for("admin_simulator.index"),
            gettext("Simulator"),
        ),
        Step(
            "live",
            gettext("Go live"),
            gettext("An address with https that stays, and a number of your own in place of the sandbox."),
            not is_demo and address.startswith("https://") and arrived and SANDBOX not in number,
            url_for("admin_whatsapp.index"),
            gettext("Connect WhatsApp"),
        ),
    ]


class FirstStepsView(Guard, BaseView):
    """`/admin/first-steps/`."""

    needs = {"index": "run", "end_demo": "run", "set_look": "run"}

    def __init__(self) -> None:
        super().__init__(
            name=lazy_gettext("First steps"),
            category=SYSTEM,
            endpoint="admin_first_steps",
            url="first-steps",
            menu_icon_type="fa",
            menu_icon_value="fa-list-check",
        )

    @expose("/", methods=["GET", "POST"])
    def index(self) -> Any:
        """The list; what is typed about the shop is kept here."""
        lines = _lines()
        if request.method == "POST" and _kept(lines):
            flash(gettext("Saved. It counts from the next message on."), "success")
            return redirect(self.get_url(".index"))
        return self._page(lines)

    @expose("/demo", methods=["POST"])
    def end_demo(self) -> Any:
        """Says what would go with the demo or, once that was seen, lets it go."""
        keep = request.form.get("keep") == "1"
        sure = request.form.get("sure") == "1"
        try:
            with transaction():
                cleared = clearing.clear(keep_goods=keep)
                if not sure:
                    raise _OnlyLooking
        except _OnlyLooking:
            return self._page(_lines(), cleared, keep=keep)
        except WrongState:
            flash(gettext("The demo has ended already."), "info")
        else:
            flash(gettext("The demo is gone. This is your shop now."), "success")
        return self._back()

    @expose("/look", methods=["POST"])
    def set_look(self) -> Response:
        """Keeps the logo and the colour, both or one."""
        sent = request.files.get("logo")
        try:
            # The picture is looked at before the database is touched: that may take a while.
            name = uploads.keep_cover(sent.stream, sent.filename) if sent and sent.filename else ""
            with transaction():
                look.choose(request.form.get("colour", ""))
                if name or request.form.get("no_logo"):
                    shop.save(look.LOGO, name)
        except SalesbotError as exc:
            flash(because(exc), "error")
        else:
            flash(gettext("Saved. Look at a page of your shop."), "success")
        return self._back()

    def _back(self) -> Response:
        answer: Response = redirect(self.get_url(".index"))
        return answer

    def _page(self, lines: list[Line], cleared: clearing.Cleared | None = None, *, keep: bool = False) -> Any:
        forget()
        found = steps()
        return self.render(
            "admin/first_steps.html",
            steps=found,
            next_step=next((step.name for step in found if not step.done), ""),
            lines=lines,
            cleared=cleared,
            keep=keep,
            is_demo=shop.is_demo(),
            colour=look.colour() or OUR_COLOUR,
            logo=look.logo(),
        )


class _OnlyLooking(Exception):
    """Undoes what was done only to see what it would be."""


def left_for_home() -> list[Step]:
    """The steps, for the first page; none when all are done or whoever looks can't do them."""
    found = steps() if may("run") else []
    return [] if all(step.done for step in found) else found


def _lines() -> list[Line]:
    by_key = {line.key: line for line in core_lines("settings")}
    lines = [by_key[name] for name in OWN]
    for line in lines:
        if line.key == "SHOP_NAME" and not _is_chosen(line.key):
            line.value, line.was = "", fingerprint("")
    return lines


def _kept(lines: list[Line]) -> bool:
    """Keeps all of them, those too that are as they were: to agree is to choose."""
    typed = {line.key: line.take(request.form.get(line.key, "").strip()) for line in lines if not line.fixed}
    try:
        with transaction():
            for line in lines:
                if line.fixed:
                    continue
                line.value = typed[line.key]
                try:
                    if not line.value:
                        raise ConfigError(gettext("Please type it."))
                    shop.save(line.key, line.value)
                except ConfigError as exc:
                    line.problem = because(exc)
            if any(line.problem for line in lines):
                raise _OnlyLooking
    except _OnlyLooking:
        return False
    return True


def _is_chosen(name: str) -> bool:
    """Whether somebody has said what it is, here or outside."""
    return name in current_app.config["FIXED"] or bool(shop.state().texts.get(name))


def _ways_to_pay() -> list[messages.PaymentMethod]:
    buyer = messages.Customer(0, "", "en")
    sample = messages.Order(0, "", "pending", 1000, str(shop.setting("CURRENCY")), (), buyer)
    db.session.rollback()
    return [method for method in fulfilment.payment_methods(sample) if method.name != "demo"]


def _has_own_account() -> bool:
    own = select(StaffUser.id).where(StaffUser.active, StaffUser.role == "owner")
    demos = own.where(StaffUser.email == demo.OWNER)
    mine = own.where(StaffUser.email != demo.OWNER)
    return bool(db.session.scalar(select(exists(mine)))) and not db.session.scalar(select(exists(demos)))


def _has_category() -> bool:
    return bool(db.session.scalar(select(exists(select(Category.id).where(Category.active)))))


def _has_own_product() -> bool:
    found = list(db.session.scalars(select(Product).join(Category).where(catalog.FOR_SALE).limit(PRODUCTS)))
    return len(clearing.untouched(found)) < len(found)


def _was_tried() -> bool:
    """Whether a product of the seller's own was bought and delivered, and not with pretended money."""
    # As expressions, or SQLite would read all orders of this state, and all payments of this method.
    fulfilled = func.coalesce(Order.state, "") == "fulfilled"
    by_demo = func.coalesce(Payment.method, "") == "demo"
    pretended = select(Payment.id).where(Payment.order_id == Order.id, by_demo).exists()
    last = select(func.max(Order.id)).scalar_subquery()
    newest = select(Order.id, pretended).where(fulfilled, Order.id > last - NEWEST)
    paid = [number for number, was_pretended in db.session.execute(newest) if not was_pretended]
    sold = select(OrderLine.product_id).where(OrderLine.order_id.in_(paid))
    bought = list(db.session.scalars(select(Product).where(Product.id.in_(sold)).limit(PRODUCTS)))
    return len(clearing.untouched(bought)) < len(bought)
