"""The hooks: what a plugin may implement, when each is called, who wins, what it may return.

Every hook is optional. The asking order is: the plugin that asked the chat's open question,
`tryfirst`, third-party plugins by name, the built-ins in their written order, `trylast`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from click import Group
    from flask import Flask

    from salesbot.messages import (
        Chat,
        Choice,
        Delivered,
        Message,
        Order,
        PaymentMethod,
        Replies,
        Setting,
        Unit,
    )

hookspec = pluggy.HookspecMarker("salesbot")
hookimpl = pluggy.HookimplMarker("salesbot")


@hookspec(firstresult=True)
def salesbot_handle_message(message: Message, chat: Chat) -> Replies:
    """A customer wrote or picked something: answer it, or return None to let the next plugin try.

    Called inside the core's transaction, which is undone for this plugin alone when it raises;
    `salesbot.models.db.session` is at hand. No commit, no rollback, no HTTP, no waiting. The first
    plugin that returns something answers.
    """


@hookspec
def salesbot_menu_items(chat: Chat) -> Choice | Sequence[Choice] | None:
    """The lines this plugin adds to the main menu of this chat.

    Called inside the core's transaction whenever the menu is shown. All plugins are asked; the
    built-ins' lines come first.
    """


@hookspec
def salesbot_order_changed(order: Order, old: str, new: str) -> Replies:
    """An order went from one state to another; what is returned goes to the buyer.

    States are pending, paid, fulfilled, expired and cancelled. Called inside the transaction that
    changes the order. All plugins are asked, and their words go out as one message.
    """


@hookspec
def salesbot_payment_methods() -> PaymentMethod | Sequence[PaymentMethod] | None:
    """The ways to pay that this plugin brings.

    Called outside any transaction whenever they are needed, so keep nothing in them. All plugins
    are asked; the customer chooses among the methods that accept the order.
    """


@hookspec(firstresult=True)
def salesbot_deliver(unit: Unit) -> Delivered | None:
    """Make one sold unit of a product kind of your own, or return None when it is not yours.

    Called outside any transaction, so HTTP is welcome, and called again after a failure: use
    `unit.key` so that a second call gives the same thing. The first answer wins.
    """


@hookspec
def salesbot_register_blueprints(app: Flask) -> None:
    """Add web routes of your own, once, when the app is made.

    They commit for themselves. While staff have switched the plugin off, its pages answer 404. A
    page that extends `shop/base.html` looks like the shop's own.
    """


@hookspec
def salesbot_register_commands(cli: Group) -> None:
    """Add commands to `salesbot`, once, when the app is made.

    They commit for themselves. Those of a `flask.cli.AppGroup`, and those with `with_appcontext`,
    run inside the app.
    """


@hookspec
def salesbot_settings() -> Sequence[Setting]:
    """The settings of this plugin that staff type in the back office.

    Called once, at start. `salesbot.setting("name")` reads one; `SALESBOT_<NAME>` in the environment
    wins over what staff typed. A secret one is kept encrypted and never shown again.
    """
    return ()
