"""A customer who talks to the shop, on the simulated phone or on WhatsApp, and reads what comes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING

from flask import Flask
from sqlalchemy import Select, select
from werkzeug.test import TestResponse

from salesbot import dispatcher, fulfilment, outbox
from salesbot import messages as frozen
from salesbot.channels import Incoming, simulator
from salesbot.channels import twilio as twilio_channel
from salesbot.database import db, in_transaction, reading
from salesbot.messages import Choice, Location, Media, PaymentEvent
from salesbot.models import Conversation, Message, Order
from salesbot.models.conversations import OUTBOX_STATES
from salesbot.services import links, orders
from salesbot.testing.received import Received
from salesbot.understanding import MORE
from salesbot.worker import Worker

if TYPE_CHECKING:
    from salesbot.testing.twilio import StandIn

_numbers = count(15550100)
_NOT_THERE = (*OUTBOX_STATES, "failed", "undelivered", "unknown")


class Customer:
    """Somebody with a phone. What they do returns what they receive because of it."""

    def __init__(
        self, app: Flask, twilio: StandIn, name: str = "", *, channel: str = "simulator", address: str = ""
    ) -> None:
        self.name = name
        self.channel = channel
        number = next(_numbers)
        self.address = address or (
            f"whatsapp:+{number}" if channel == twilio_channel.NAME else f"{name or 'customer'}-{number}"
        )
        self._app = app
        self._twilio = twilio
        self._all: list[Received] = []
        self._began = 0
        self._seen = 0

    def says(self, text: str) -> list[Received]:
        """Writes something."""
        return self.sends(text)

    def picks(self, line: str) -> list[Received]:
        """Taps the line with this title or id among those last offered, on a later page too."""
        while True:
            offered = self._offered()
            for choice in offered:
                if line in {choice.title, choice.id}:
                    return self.taps(choice.id)
            more = next((choice.id for choice in offered if choice.id.startswith(MORE)), None)
            if more is None:
                titles = ", ".join(choice.title for choice in offered) or "nothing"
                raise AssertionError(f"{line!r} is not offered; there is: {titles}")
            self.taps(more)

    def taps(self, choice_id: str) -> list[Received]:
        """Taps a button with this id, which may be an old one."""
        return self.sends(tapped=choice_id)

    def sends(
        self,
        text: str = "",
        *,
        tapped: str | None = None,
        media: Iterable[Media] = (),
        location: Location | None = None,
        advertisement: Mapping[str, str] | None = None,
    ) -> list[Received]:
        """Sends whatever a phone can send; of an `advertisement` what `Incoming` holds."""
        self._all += self._news()
        self._began = len(self._all)
        incoming = Incoming(
            self.channel,
            self.address,
            provider_id=simulator.incoming(self.address).provider_id,
            text=text,
            tapped=tapped,
            media=tuple(media),
            location=location,
            name=self.name,
            advertisement=advertisement,
        )
        if self.channel == twilio_channel.NAME:
            self._all += self._with_choices(self._twilio.writes_as(incoming))
        else:
            with self._app.app_context():
                dispatcher.receive(incoming)
        return self.replies

    @property
    def orders(self) -> list[frozen.Order]:
        """Their orders as plugins see them, oldest first."""
        with self._app.app_context(), reading():
            found = [orders.frozen(order) for order in db.session.scalars(self._orders())]
            db.session.rollback()
        return found

    def _orders(self) -> Select[Order]:
        return (
            select(Order)
            .join(Conversation, Conversation.id == Order.conversation_id)
            .where(Conversation.channel == self.channel, Conversation.address == self.address)
            .order_by(Order.id)
        )

    def opens_pay_page(self, method: str | None = None) -> TestResponse:
        """The web page of their newest order, after choosing a way to pay there when `method` is given."""
        with self._app.app_context():
            address = links.pay_url(self.orders[-1].id)
        browser = self._app.test_client()
        return browser.get(address) if method is None else browser.post(address, data={"method": method})

    def pays(self) -> list[Received]:
        """The money for their newest unpaid order arrives."""
        with self._app.app_context():
            in_transaction(self._pay)
        self._began = len(self._all)
        return self.replies

    @property
    def replies(self) -> list[Received]:
        """What has arrived since they last did something; the worker works off what waits first."""
        worker: Worker = self._app.extensions.setdefault("salesbot.testing.worker", Worker(self._app))
        worker.drain()
        self._all += self._news()
        return self._all[self._began :]

    @property
    def history(self) -> list[Received]:
        """Everything they have received, as far as it was looked at."""
        return list(self._all)

    def _news(self) -> list[Received]:
        if self.channel == twilio_channel.NAME:
            news = self._twilio.messages_to(self.address)[self._seen :]
            self._seen += len(news)
            return self._with_choices(news)
        with self._app.app_context(), reading():
            found = db.session.execute(
                select(Message, Conversation)
                .join(Conversation, Conversation.id == Message.conversation_id)
                .where(
                    Conversation.channel == self.channel,
                    Conversation.address == self.address,
                    Message.direction == "out",
                    Message.id > self._seen,
                    Message.state.not_in(_NOT_THERE),
                )
                .order_by(Message.id)
            ).all()
            news = [
                Received(sent.text, sent.choices, sent.media_url, sent.id)
                for sent in (outbox.outgoing(message, chat) for message, chat in found)
            ]
            db.session.rollback()
        self._seen = news[-1].id if news else self._seen
        return news

    def _with_choices(self, received: list[Received]) -> list[Received]:
        """WhatsApp shows choices as text; which they are is in the rows of the messages."""
        with self._app.app_context(), reading():
            rows = db.session.execute(
                select(Message.id, Message.choices).where(Message.id.in_([one.id for one in received]))
            )
            choices = {row.id: tuple(Choice(**choice) for choice in row.choices) for row in rows}
            db.session.rollback()
        return [replace(one, choices=one.choices or choices.get(one.id, ())) for one in received]

    def _offered(self) -> tuple[Choice, ...]:
        return next((reply.choices for reply in reversed(self._all) if reply.choices), ())

    def _pay(self) -> None:
        open_orders = db.session.scalars(self._orders().where(Order.state == "pending")).all()
        order = open_orders[-1] if open_orders else None
        if order is None:
            raise AssertionError(f"{self.name or 'the customer'} has nothing to pay")
        event = PaymentEvent(
            f"paid-{order.id}", order.id, f"money-{order.id}", "paid", order.total, order.currency
        )
        fulfilment.take_event("test", event)


def link_in(text: str, path: str) -> str:
    """The address with this path in a text: `link_in(reply.text, "/pay/")`; AssertionError without."""
    found = re.search(rf"https?://\S+?{re.escape(path)}\S+", text)
    if found is None:
        raise AssertionError(f"no link with {path} in: {text}")
    return found[0]
