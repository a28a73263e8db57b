"""The hooks: what a plugin may implement, when each is called, who wins, what it may return.

Every hook is optional. The asking order is: the plugin that asked the chat's open question,
`tryfirst`, third-party plugins by name, the built-ins in their written order, `trylast`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from click import Group
    from flask import Flask
    from flask_admin import Admin

    from salesbot.messages import (
        Card,
        Chat,
        Choice,
        Customer,
        Delivered,
        Job,
        Message,
        NeedsStaff,
        Order,
        PaymentMethod,
        Periodic,
        Replies,
        Reply,
        Setting,
        Unit,
    )

# A hook that is to go says so for one minor version at least, to whoever implements it:
# @hookspec(warn_on_impl=DeprecationWarning("salesbot_x goes with 0.3; use salesbot_y"))
# An argument: warn_on_impl_args={"old": DeprecationWarning("old goes with 0.3; use new")}
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
    built-ins' lines come first. Staff may move, rename or hide a line, which they know by its id: give
    it the same one each time.
    """


@hookspec
def salesbot_filter_reply(reply: Reply, chat: Chat) -> Reply | None:
    """Another reply in the place of one that a plugin gives; None leaves it as it is.

    Called inside the core's transaction for each reply of a turn, of a job, and to a change of an
    order. All plugins are asked, each with what the one before it made. Keys and links are not in
    the text yet.
    """


@hookspec(firstresult=True)
def salesbot_search(words: str, language: str) -> Sequence[int] | None:
    """The ids of products for what a customer wrote, best first; None lets the next one search.

    Called inside the core's transaction. The first answer wins, also an empty one; when nobody
    answers, the shop's own search does. Products that are not for sale are left out.
    """


@hookspec
def salesbot_order_changed(order: Order, old: str, new: str) -> Replies:
    """An order went from one state to another; what is returned goes to the buyer.

    States are pending, paid, fulfilled, expired and cancelled. Called inside the transaction that
    changes the order. All plugins are asked, and their words go out as one message. Money that goes
    back for one unit of several changes no state: before you honour a unit, ask
    `salesbot.services.deliveries.may_be_handed_over`.
    """


@hookspec
def salesbot_payment_methods() -> PaymentMethod | Sequence[PaymentMethod] | None:
    """The ways to pay that this plugin brings.

    Called outside any transaction whenever they are needed, so keep nothing in them. All plugins
    are asked; the customer chooses among the methods that accept the order.
    """


@hookspec(firstresult=True)
def salesbot_deliver(unit: Unit) -> Delivered | NeedsStaff | None:
    """Make one sold unit of a product kind of your own, or return None when it is not yours.

    Called outside any transaction, so HTTP is welcome, and called again after a failure: use
    `unit.key` so that a second call gives the same thing. The first answer wins. What is raised is
    tried again, six times in all; a ConnectionError or a TimeoutError is nobody's fault.
    `NeedsStaff` says what only a person can put right, who then lets it be tried again.
    """


@hookspec
def salesbot_run_job(job: Job) -> Replies:
    """Do a job of yours: one that you put off with `salesbot.later`, or a periodic one.

    Called by a worker outside any transaction, so HTTP and waiting are welcome; what is written
    goes into `with salesbot.transaction():`. Only the plugin that the job's name begins with is
    asked, and what it returns goes to the job's chat. When it raises, it is called again after 15
    seconds, a minute, four and so on, six times in all: use `job.key` so that a second call does
    nothing twice.
    """


@hookspec
def salesbot_periodic_jobs() -> Periodic | Sequence[Periodic]:
    """The jobs of this plugin that run again and again, each for the first time soon after the start.

    Called once, at start. `salesbot_run_job` does them; one that is not declared any more ends.
    """
    return ()


@hookspec
def salesbot_export_customer(customer: Customer) -> Mapping[str, object] | None:
    """What this plugin knows about a person, as JSON, for who asks what is stored about them.

    Called inside the core's transaction, so no HTTP and no waiting; only read. All plugins are asked,
    also those that are switched off. When one fails, nothing is told.
    """


@hookspec
def salesbot_erase_customer(customer: Customer) -> None:
    """Delete what this plugin knows about a person, who wants to be forgotten.

    Called inside the core's transaction, which ends undone as a whole when this fails: nobody is
    told "forgotten" when something is left. No commit, no rollback, no HTTP, no waiting. Plugins that
    are switched off are asked too.
    """


@hookspec
def salesbot_customers_joined(customer: Customer, other: Customer) -> None:
    """Two customers are one person: what this plugin keeps of `other` belongs to `customer` from now on.

    Called inside the core's transaction, just before `other` is removed; it ends undone as a whole
    when this fails. No commit, no rollback, no HTTP, no waiting.
    """


@hookspec
def salesbot_migrations() -> str | Path:
    """The folder with this plugin's own Alembic revisions; a relative one is beside the module.

    Called whenever the database is brought to this version. Each plugin has a version table of its
    own; the names of its tables begin with its own name and "_".
    """
    return ""


@hookspec
def salesbot_register_admin_views(admin: Admin) -> None:
    """Add pages to the back office, once, when the app is made: `admin.add_view(Mine())`.

    Each is a `salesbot.AdminPage`, which lets nobody in who lacks the right. Models need none: each
    gets pages by itself. While the plugin is off, its pages answer 404.
    """


@hookspec
def salesbot_home_cards() -> Card | Sequence[Card] | None:
    """What this plugin shows on the back office's first page.

    Called outside any transaction that writes, each time the page is opened: keep it quick.
    """


@hookspec
def salesbot_register_blueprints(app: Flask) -> None:
    """Add web routes of your own, once, when the app is made.

    Each is in a Blueprint of yours, at an address that nobody has, and so is what runs around it: a
    plugin that adds to the app itself is left out. They commit for themselves. While staff have
    switched the plugin off, its pages answer 404. A page that extends `shop/base.html` looks like the
    shop's own.
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
