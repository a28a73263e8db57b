"""The values that travel between channels, dispatcher and plugins; none of them touches the database."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from os import PathLike
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from flask import Request


@dataclass(frozen=True)
class Choice:
    """One thing to pick. `id` is "owner:rest", at most 200 bytes; `detail` is a second, small line."""

    id: str
    title: str
    detail: str = ""


@dataclass(frozen=True)
class Reply:
    """What the bot says: a text, up to 100 choices, perhaps one picture.

    `media_url` is an absolute address. With `ask="card"` the customer's next turn comes to the
    same plugin first, with `chat.question == "card"`.
    """

    text: str
    choices: Sequence[Choice] = ()
    media_url: str | None = None
    ask: str | None = None


Replies = Reply | Sequence[Reply] | None


@dataclass(frozen=True)
class Media:
    """A picture, voice note or document that a customer sent; `url` may need the channel's key."""

    url: str
    content_type: str


@dataclass(frozen=True)
class Location:
    """A place that a customer sent, in degrees."""

    latitude: float
    longitude: float
    label: str = ""
    address: str = ""


@dataclass(frozen=True)
class Message:
    """What a customer did: words in `text` or the id of a pick in `choice`, never both."""

    text: str = ""
    choice: str | None = None
    media: tuple[Media, ...] = ()
    location: Location | None = None
    language: str = "en"


@dataclass(frozen=True)
class Customer:
    """A person. `address` is the one the chat or order came from, exactly as it came."""

    id: int
    name: str
    language: str
    address: str = ""


@dataclass
class Chat:
    """One customer's chat as one plugin sees it.

    `data` is this plugin's own notes, JSON; what stands in it when the hook returns is kept.
    `question` is what this plugin asked last and has not been answered yet.
    """

    customer: Customer
    language: str = "en"
    question: str | None = None
    data: dict[str, Any] = field(default_factory=dict)
    id: int = 0


@dataclass(frozen=True)
class Product:
    """A product as it was when the order was placed; `price` in minor units."""

    id: int
    title: str
    kind: str
    price: int


@dataclass(frozen=True)
class OrderLine:
    """`quantity` of one product; money in minor units of the order's currency."""

    id: int
    product: Product
    title: str
    quantity: int
    unit_price: int
    amount: int


@dataclass(frozen=True)
class Order:
    """An order. `total` in minor units of `currency`.

    `state` is pending, paid, fulfilled, expired or cancelled.
    """

    id: int
    number: str
    state: str
    total: int
    currency: str
    lines: tuple[OrderLine, ...]
    customer: Customer


@dataclass(frozen=True)
class Payment:
    """A payment as its method gets it; `amount` in minor units, `reference` is the provider's."""

    id: int
    order: int
    reference: str
    amount: int
    currency: str


@dataclass(frozen=True)
class Unit:
    """One thing to deliver. `key` is the same each time it is tried; `options` are the product's settings."""

    key: str
    kind: str
    product: Product
    order: Order
    customer: Customer
    options: Mapping[str, Any]


@dataclass(frozen=True)
class Delivered:
    """What a unit turned out to be: words, a secret to keep encrypted, a link, or a file.

    `file` is a whole path, or a name in the shop's folder of files; the file must be there.
    """

    text: str = ""
    secret: str | None = None
    link: str | None = None
    file: str | PathLike[str] | None = None


@dataclass(frozen=True)
class Setting:
    """A setting of a plugin, typed in the back office and read with `salesbot.setting(name)`."""

    name: str
    title: str
    default: str = ""
    secret: bool = False


@dataclass(frozen=True)
class Job:
    """Work that was put off with `later`, or that is periodic.

    `key` is the same each time the same work is tried; `customer` is None without a chat.
    """

    key: str
    name: str
    data: Mapping[str, Any] = field(default_factory=dict)
    customer: Customer | None = None
    id: int = 0
    attempt: int = 1


@dataclass(frozen=True)
class Periodic:
    """A job that runs again and again, for the first time soon after the start. `name` is "plugin:rest"."""

    name: str
    every: timedelta


@dataclass(frozen=True)
class Card:
    """Something for the back office's first page; `url` is a path there, `urgent` what needs somebody."""

    title: str
    text: str
    url: str = ""
    urgent: bool = False


@dataclass(frozen=True)
class Redirect:
    """The customer pays at this absolute address."""

    url: str


@dataclass(frozen=True)
class Show:
    """The customer reads this text on the pay page, such as bank details."""

    text: str


@dataclass(frozen=True)
class Refunded:
    """The provider has given the money back under this reference."""

    reference: str


@dataclass(frozen=True)
class NeedsStaff:
    """A refund or a delivery that no program can do now; `why` tells staff what to do."""

    why: str


@dataclass(frozen=True)
class PaymentEvent:
    """What a payment provider says happened.

    `id` is the provider's id of the event and `reference` of the payment, the same in all its
    events; `order` is `Order.id`, or 0 where the provider does not say it and the reference will.
    `kind` is "paid", "failed", "refunded" or "disputed"; a dispute ends with "paid" again or with
    all of it refunded; "refund_failed" is for staff. `amount` in minor units of `currency`: of a
    refund, what went back with it alone. Events may come twice and in any order.
    """

    id: str
    order: int
    reference: str
    kind: str
    amount: int
    currency: str


class NotFromProvider(Exception):
    """Raised by `PaymentMethod.events` for a request that the provider did not make; answered 400."""


class PaymentMethod(ABC):
    """A way to pay. Subclasses take no constructor arguments and set `name` and `title`.

    All methods run outside any transaction, may use HTTP, and may be called again. ConnectionError
    and TimeoutError say that the provider does not answer: that does not count against the plugin.
    """

    name: ClassVar[str]
    title: ClassVar[str]

    def accepts(self, order: Order) -> bool:
        """Whether this order can be paid this way."""
        return True

    @abstractmethod
    def start(self, order: Order, key: str) -> Redirect | Show:
        """Begins the payment; `key` is the same for the same order, for the provider's idempotency."""

    def events(self, request: Request) -> Iterable[PaymentEvent]:
        """What the provider's request says; raises NotFromProvider when it is not the provider's.

        Anything else that it raises, and an event that says nonsense, is answered 500: the provider
        reports again, and it counts as a failure.
        """
        raise NotFromProvider(f"{self.name} has no provider that reports")

    def refund(self, payment: Payment, amount: int, key: str) -> Refunded | NeedsStaff:
        """Gives `amount` minor units of `payment` back; `key` is the same for the same refund."""
        return NeedsStaff(f"Give the money back by hand: {self.title} can't do it by program.")
