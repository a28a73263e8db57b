"""A stamp card: every paid order is a stamp, and a full card becomes a coupon."""

import secrets
from datetime import timedelta

from sqlalchemy import delete, select, update

from salesbot import (
    Card,
    Choice,
    Periodic,
    Reply,
    Setting,
    hookimpl,
    later,
    now,
    setting,
    transaction,
    translator,
)
from salesbot.models import Coupon, Order, db
from salesbot_loyalty.models import Stamp, coupons_of, open_stamps

_ = translator(__name__)

LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
REMINDER = timedelta(days=7)


@hookimpl
def salesbot_migrations():
    return "migrations"


@hookimpl
def salesbot_settings():
    return [
        Setting("loyalty_stamps", "Stamps that fill a card", default="5"),
        Setting("loyalty_percent", "What its coupon takes off, in percent", default="20"),
        Setting("loyalty_days", "Days for which the coupon is good", default="90"),
    ]


@hookimpl
def salesbot_menu_items(chat):
    return Choice("loyalty:card", _("My stamp card"))


@hookimpl
def salesbot_handle_message(message, chat):
    """Shows the card: its stamps, and the coupons that it became."""
    if message.choice != "loyalty:card":
        return None
    text = _("You have {count} of {full} stamps.").format(
        count=len(open_stamps(chat.customer.id)), full=setting("loyalty_stamps")
    )
    for coupon in coupons_of(chat.customer.id):
        if is_good(coupon):
            text += "\n" + words_about(coupon)
    return Reply(text, [Choice("menu", _("Menu"))])


@hookimpl
def salesbot_order_changed(order, new):
    """Stamps a card when an order is paid, and takes the stamp back when its money goes back."""
    if new == "cancelled":
        db.session.execute(delete(Stamp).where(Stamp.order_id == order.id, Stamp.coupon_id.is_(None)))
        return None
    if new != "paid" or order.total == 0:
        return None
    db.session.add(Stamp(customer_id=order.customer.id, order_id=order.id))
    db.session.flush()
    stamps, full = open_stamps(order.customer.id), int(setting("loyalty_stamps"))
    if len(stamps) < full:
        return Reply(_("That was stamp {count} of {full}.").format(count=len(stamps), full=full))
    coupon = coupon_for(stamps)
    later("loyalty:remind", {"coupon": coupon.id}, order=order, after=REMINDER)
    return Reply(_("Your stamp card is full!") + " " + words_about(coupon))


def coupon_for(stamps):
    coupon = Coupon(
        code="".join(secrets.choice(LETTERS) for _number in range(10)),
        percent=int(setting("loyalty_percent")),
        uses_allowed=1,
        ends_at=now() + timedelta(days=int(setting("loyalty_days"))),
    )
    db.session.add(coupon)
    db.session.flush()
    for stamp in stamps:
        stamp.coupon_id = coupon.id
    return coupon


def is_good(coupon):
    used = select(Order.id).where(Order.coupon_id == coupon.id, Order.paid_at.is_not(None))
    return coupon.active and coupon.ends_at > now() and db.session.scalar(used.limit(1)) is None


def words_about(coupon):
    return _("Code {code} takes {percent} % off.").format(code=coupon.code, percent=coupon.percent)


@hookimpl
def salesbot_run_job(job):
    if job.name == "loyalty:tidy":
        with transaction():
            ended = db.session.scalars(
                select(Coupon).where(
                    Coupon.active, Coupon.ends_at < now(), Coupon.id.in_(select(Stamp.coupon_id))
                )
            )
            for coupon in ended:
                coupon.active = False
        return None
    coupon = db.session.get(Coupon, job.data["coupon"])
    if coupon is None or not is_good(coupon):
        return None
    return Reply(_("A reminder:") + " " + words_about(coupon), [Choice("menu", _("Menu"))])


@hookimpl
def salesbot_periodic_jobs():
    return Periodic("loyalty:tidy", every=timedelta(days=1))


@hookimpl
def salesbot_home_cards():
    given = db.session.scalar(db.select(db.func.count(Stamp.id)).where(Stamp.at > now() - timedelta(days=1)))
    return Card("Stamps of the last day", str(given), url="/admin/loyalty_stamp/")


@hookimpl
def salesbot_export_customer(customer):
    stamps = db.session.scalars(select(Stamp).where(Stamp.customer_id == customer.id)).all()
    return {"stamps": [{"order": stamp.order.number, "at": stamp.at.isoformat()} for stamp in stamps]}


@hookimpl
def salesbot_erase_customer(customer):
    db.session.execute(delete(Stamp).where(Stamp.customer_id == customer.id))


@hookimpl
def salesbot_customers_joined(customer, other):
    db.session.execute(update(Stamp).where(Stamp.customer_id == other.id).values(customer_id=customer.id))
