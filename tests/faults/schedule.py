"""One random story of buyers, money, staff and crashes, through HTTP alone; the same seed tells it again."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeVar
from urllib.parse import urlsplit

from sqlalchemy import select

from salesbot.channels import Incoming
from salesbot.database import db, transaction
from salesbot.models import Coupon, LicenceKey
from salesbot.testing import twilio_webhooks
from salesbot.testing.catalogue import Catalogue, Goods
from tests.faults.shops import DEAD, Page
from tests.faults.world import OWNER, PASSWORD, World

T = TypeVar("T")
CSRF = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')
PAY = re.compile(r"https?://\S+(/pay/\S+)")
TRIES = 6


@dataclass
class Buyer:
    """Somebody with a phone, and the pay pages that they were sent."""

    address: str
    pages: list[str] = field(default_factory=list)


class Schedule:
    """A story of some steps; `tell` tells it and brings everything to rest."""

    def __init__(self, world: World, seed: int, *, crashes: float = 0.3) -> None:
        self.world = world
        self.chance = random.Random(seed)
        self.crashes = crashes
        self.told: list[str] = []
        world.schedules += 1
        self.number = world.schedules
        self.buyers = [Buyer(f"whatsapp:+1555{self.number:05}{n}") for n in range(3)]
        self.browser = world.shop.browser()
        self.events: list[Any] = []
        self._reported = len(world.stripe.account.events)
        self._fill()

    def _fill(self) -> None:
        catalogue = Catalogue(self.world.app)
        self.goods: list[Goods] = [
            catalogue.key(f"Editor {self.number}", price=self.chance.choice([1000, 1999]), keys=()),
            catalogue.key(f"Timer {self.number}", price=500, keys=()),
            catalogue.file(f"Book {self.number}", price=700),
        ]
        self.code = f"SAVE{self.number}"
        with self.world.app.app_context(), transaction():
            uses = self.chance.randint(1, 2)
            db.session.add(Coupon(code=self.code, percent=15, uses_allowed=uses))
        for goods in self.goods[:2]:
            self._restock(goods, self.chance.randint(1, 4))

    def _restock(self, goods: Goods, count: int) -> None:
        first = len(self.world.secrets)
        Catalogue(self.world.app).stock(goods, [f"KEY-{goods.id}-{first + n}" for n in range(count)])
        with self.world.app.app_context():
            for key in db.session.scalars(select(LicenceKey).where(LicenceKey.product_id == goods.id)):
                self.world.secrets[key.id] = key.secret
            db.session.rollback()

    def tell(self, steps: int = 30) -> list[str]:
        """Tells the story and brings everything to rest; what is wrong then, with the story."""
        self.goes_on(steps)
        self.comes_to_rest()
        problems = self.world.problems()
        return [*problems, *self.told] if problems else []

    def goes_on(self, steps: int) -> None:
        """So many things happen."""
        doings: list[tuple[int, Callable[[], bool | None]]] = [
            (10, self.buys), (3, self.types_the_code), (2, self.empties_the_cart), (2, self.asks_again),
            (8, self.starts_to_pay), (8, self.pays_by_card), (3, self.money_arrives_or_not),
            (1, self.a_session_ends), (9, self.stripe_reports), (3, self.staff_see_a_transfer),
            (2, self.staff_refund), (1, self.a_refund_at_stripe), (1, self.a_dispute), (1, self.staff_cancel),
            (1, self.staff_send_again), (2, self.more_keys), (5, self.time_goes_by), (7, self.the_worker_works),
        ]  # fmt: skip
        weights = [weight for weight, _doing in doings]
        for _step in range(steps):
            while True:
                [(_weight, doing)] = self.chance.choices(doings, weights)
                self.told.append(doing.__name__)
                if doing() is not False:
                    break
                self.told.pop()

    # How one step is done, though the process may die in it.

    @contextmanager
    def _dangerous(self, who: str = "web") -> Iterator[None]:
        if self.chance.random() < self.crashes:
            moment = self.chance.randint(1, 12)
            self.told[-1] += f" (and {who} dies at {moment})"
            self.world.shop.arm(who, moment)
        try:
            yield
        finally:
            self.world.shop.disarm()

    def _until_answered(self, attempt: Callable[[], T]) -> T:
        """What a provider or a person does: again, until there is an answer."""
        for _try in range(TRIES):
            try:
                return attempt()
            except DEAD:
                self.world.kills += 1
                self.world.shop.disarm()
        raise AssertionError(f"no answer after {TRIES} tries: {self.told[-1]}")

    def writes(self, buyer: Buyer, words: str = "", tapped: str | None = None) -> str:
        incoming = Incoming("twilio", buyer.address, twilio_webhooks.sid(), text=words, tapped=tapped)
        form = twilio_webhooks.message_form(incoming, self.world.twilio.account, self.world.twilio.number)

        def post() -> twilio_webhooks.Answer:
            answer = self.world.twilio.posts(form)
            if answer.status >= 500:
                raise ConnectionError(answer.status)
            return answer

        with self._dangerous():
            answer = self._until_answered(post)
        assert answer.status == 200, answer
        if self.chance.random() < 0.1:
            assert self.world.twilio.posts(form).text == answer.text, "it was answered otherwise"
        self.world.seen.texts[buyer.address].append(answer.text)
        buyer.pages += [path for path in PAY.findall(answer.text) if path not in buyer.pages]
        return answer.text

    def _post(self, path: str, **data: Any) -> Page:
        with self._dangerous():
            return self._until_answered(lambda: self.browser.post(path, data))

    # Buyers.

    def _somebody(self) -> Buyer:
        return self.chance.choice(self.buyers)

    def buys(self) -> None:
        goods = self.chance.choice(self.goods)
        buyer = self._somebody()
        if self.chance.random() < 0.3:
            self.writes(buyer, tapped=f"checkout:several:{goods.id}")
            self.writes(buyer, str(self.chance.randint(1, 3)))
        else:
            self.writes(buyer, tapped=f"buy:{goods.id}")

    def types_the_code(self) -> None:
        self.writes(self._somebody(), self.code)

    def empties_the_cart(self) -> None:
        self.writes(self._somebody(), tapped="checkout:empty")

    def asks_again(self) -> None:
        self.writes(self._somebody(), "my orders")

    def starts_to_pay(self) -> bool | None:
        pages = self._somebody().pages
        if not pages:
            return False
        path = pages[-1] if self.chance.random() < 0.8 else self.chance.choice(pages)
        assert self._until_answered(lambda: self.browser.get(path)).status == 200
        if self.chance.random() < 0.1:
            self.chance.choice([self.world.stripe.hangs, self.world.stripe.hangs_up])()
        self._post(path, method="stripe" if self.chance.random() < 0.7 else "manual")
        return None

    def _sessions(self, status: str, payment: str = "unpaid") -> list[str]:
        """Sessions of this schedule's orders; others belong to stories that are told."""
        mine = {urlsplit(page).path for buyer in self.buyers for page in buyer.pages}
        return [
            session["id"]
            for session in self.world.stripe.account.sessions.values()
            if session["status"] == status
            and session["payment_status"] == payment
            and urlsplit(session["success_url"]).path in mine
        ]

    def pays_by_card(self) -> bool:
        open_ones = self._sessions("open")
        if open_ones:
            session = self.chance.choice(open_ones)
            if self.chance.random() < 0.06:
                about = self.world.stripe.account.sessions[session]
                about["amount_total"] += self.chance.choice([-100, 100])
            self.world.stripe.account.pays(session, later=self.chance.random() < 0.2)
        return bool(open_ones)

    def money_arrives_or_not(self) -> bool:
        account = self.world.stripe.account
        processing = self._processing()
        if processing:
            self.chance.choice([account.arrives, account.fails])(self.chance.choice(processing))
        return bool(processing)

    def _processing(self) -> list[str]:
        account = self.world.stripe.account
        return [
            session
            for session in self._sessions("complete")
            if account.intents[account.sessions[session]["payment_intent"]]["status"] == "processing"
        ]

    def a_session_ends(self) -> bool:
        open_ones = self._sessions("open")
        if open_ones:
            self.world.stripe.account.expires(self.chance.choice(open_ones))
        return bool(open_ones)

    # Providers.

    def stripe_reports(self, *, everything: bool = False) -> bool | None:
        """Events go out late, twice, and in any order."""
        news = self.world.stripe.account.events
        self.events += news[self._reported :]
        self._reported = len(news)
        if not self.events:
            return False
        self.chance.shuffle(self.events)
        for event in list(self.events):
            if not everything and self.chance.random() < 0.3:
                continue
            for _time in range(1 if self.chance.random() < 0.8 else 2):
                with self._dangerous():
                    self._until_answered(lambda event=event: self._reports(event))
            self.events.remove(event)
        return None

    def _reports(self, event: Any) -> None:
        status = self.world.stripe.send(event)
        if status >= 500:
            raise ConnectionError(status)
        assert status == 204

    def a_refund_at_stripe(self) -> bool:
        paid = [s for s in self._sessions("complete", "paid") if self._left(s) and not self._is_disputed(s)]
        if paid:
            session = self.chance.choice(paid)
            amount = self.chance.choice([1, self._left(session)])
            self.world.stripe.account.refunds_by_hand(session, amount)
        return bool(paid)

    def a_dispute(self) -> bool:
        paid = [s for s in self._sessions("complete", "paid") if self._is_whole(s)]
        if paid:
            self.world.stripe.account.disputes_it(self.chance.choice(paid))
        return bool(paid)

    def _charge(self, session: str) -> Any:
        account = self.world.stripe.account
        return account.charges[account.intents[account.sessions[session]["payment_intent"]]["latest_charge"]]

    def _left(self, session: str) -> int:
        charge = self._charge(session)
        return int(charge["amount"] - charge["amount_refunded"])

    def _is_whole(self, session: str) -> bool:
        """Whether nothing of it went back, and nobody has doubted it."""
        return not self._charge(session)["amount_refunded"] and not self._is_disputed(session)

    def _is_disputed(self, session: str) -> bool:
        return bool(self._charge(session)["disputed"])

    # Staff.

    def at_the_desk(self, order: int, action: str, **data: Any) -> None:
        page = f"/admin/order/details/?id={order}"
        shown = self._until_answered(lambda: self.browser.get(page))
        if shown.status == 302:
            self._sign_in()
            shown = self._until_answered(lambda: self.browser.get(page))
        assert shown.status == 200, (shown.status, shown.location)
        self._post(f"/admin/order/{order}/{action}", csrf_token=CSRF.search(shown.text)[1], **data)

    def _sign_in(self) -> None:
        shown = self.browser.get("/admin/login")
        token = CSRF.search(shown.text)[1]
        done = self.browser.post("/admin/login", {"csrf_token": token, "email": OWNER, "password": PASSWORD})
        assert done.status == 302, done

    def _my_rows(self, statement: str) -> list[Any]:
        addresses = {f"a{n}": buyer.address for n, buyer in enumerate(self.buyers)}
        names = ", ".join(f":{name}" for name in addresses)
        return self.world.books.rows(
            f'{statement} AND order_id IN (SELECT o.id FROM "order" o JOIN conversation c'
            f" ON c.id = o.conversation_id WHERE c.address IN ({names}))",
            **addresses,
        )

    def staff_see_a_transfer(self) -> bool | None:
        waiting = self._my_rows(
            "SELECT id, order_id, amount FROM payment WHERE method = 'manual' AND state = 'started'"
        )
        if not waiting:
            return False
        payment = self.chance.choice(waiting)
        if self.chance.random() < 0.7:
            self.at_the_desk(payment.order_id, "confirm", payment=payment.id)
            self.world.seen.transfers[payment.order_id] += payment.amount
        else:
            self.at_the_desk(payment.order_id, "reject", payment=payment.id, why="nothing there")
        return None

    def staff_refund(self) -> bool | None:
        paid = self._my_rows("SELECT id, order_id, amount FROM payment WHERE state = 'confirmed'")
        if not paid:
            return False
        payment = self.chance.choice(paid)
        amount = self.chance.choice([payment.amount, payment.amount, 100])
        self.at_the_desk(payment.order_id, "give-back", payment=payment.id, amount=f"{amount / 100:.2f}")
        return None

    def staff_cancel(self) -> bool:
        return self._with_any_order("cancel")

    def staff_send_again(self) -> bool:
        return self._with_any_order("resend")

    def _with_any_order(self, action: str) -> bool:
        orders = self._my_rows("SELECT order_id FROM order_event WHERE what = 'placed'")
        if orders:
            self.at_the_desk(self.chance.choice(orders).order_id, action)
        return bool(orders)

    def staff_gave_it_back(self) -> None:
        """What the programs could not give back, staff do by hand."""
        waiting = self.world.books.rows(
            "SELECT r.id, r.amount, p.method, p.reference, p.order_id FROM refund r"
            " JOIN payment p ON p.id = r.payment_id WHERE r.state = 'needs_staff'"
        )
        for refund in waiting:
            if refund.method == "manual":
                self.at_the_desk(refund.order_id, "gave-back", refund=refund.id)
                self.world.seen.transfers[refund.order_id] -= refund.amount
                continue
            intent = self.world.stripe.account.intents[refund.reference]
            charge = self.world.stripe.account.charges[intent["latest_charge"]]
            left = charge["amount"] - charge["amount_refunded"]
            if 0 < refund.amount <= left and not charge["disputed"]:
                session = next(
                    session["id"]
                    for session in self.world.stripe.account.sessions.values()
                    if session["payment_intent"] == refund.reference
                )
                self.world.stripe.account.refunds_by_hand(session, refund.amount)

    def more_keys(self) -> None:
        self._restock(self.chance.choice(self.goods[:2]), self.chance.randint(1, 2))

    # Time and the worker.

    def time_goes_by(self) -> None:
        self.world.shop.move(timedelta(minutes=self.chance.choice([3, 20, 50, 70, 300])))

    def the_worker_works(self) -> None:
        twilio = self.world.twilio
        if self.chance.random() < 0.4:
            odd: Callable[[], None] = self.chance.choice(
                [
                    lambda: twilio.refuses(429, 20429),
                    lambda: twilio.refuses(500, 20500),
                    twilio.hangs,
                    twilio.hangs_up,
                    twilio.garbles,
                    lambda: twilio.fails_later(63016),
                ]
            )
            odd()
        if self.chance.random() < 0.1:
            self.chance.choice([self.world.stripe.hangs_up, lambda: self.world.stripe.refuses(500)])()
        self._work()
        with self._dangerous():
            self._until_answered(twilio.catch_up)

    def _work(self) -> None:
        with self._dangerous("worker"):
            self.world.kills += self.world.shop.work(self.world.books.nothing_is_due)

    def comes_to_rest(self) -> None:
        """Everything comes to its end: disputes, events, time, stock, and what staff have to do."""
        self.told.append("rest")
        self.crashes = 0
        for goods in self.goods[:2]:
            self._restock(goods, 12)
        for session in self._processing():
            self.world.stripe.account.arrives(session)
        for session in self._sessions("complete", "paid"):
            if self._is_disputed(session) and self._open_dispute(session):
                self.world.stripe.account.closes(session, self.chance.choice(["won", "lost"]))
        for _round in range(4):
            self.stripe_reports(everything=True)
            for _hour in range(3):
                self.world.shop.move(timedelta(hours=2))
                self._work()
            self.staff_gave_it_back()
        self.stripe_reports(everything=True)
        for buyer in self.buyers:
            self.writes(buyer, "hello")
        self._work()
        self._until_answered(self.world.twilio.catch_up)

    def _open_dispute(self, session: str) -> bool:
        charge = self._charge(session)["id"]
        return any(
            dispute["charge"] == charge and dispute["status"] == "needs_response"
            for dispute in self.world.stripe.account.disputes.values()
        )
