"""Sells day passes: makes each pass, shows it on a page, and checks it at the door."""

import hmac
from hashlib import sha256

import click
from flask import Blueprint, abort, render_template_string
from flask.cli import AppGroup

from salesbot import Choice, Delivered, Reply, Setting, hookimpl, setting
from salesbot.models import Order, db
from salesbot.services import deliveries, links

KIND = "pass"

PAGE = """
{% extends "shop/base.html" %}
{% block title %}Your pass · {{ shop_name }}{% endblock %}
{% block width %}narrow{% endblock %}
{% block main %}
<div class="card stack">
  <h1>Your pass</h1>
  <p class="lead">Show this page at {{ place }}.</p>
  <p><b>{{ code }}</b></p>
</div>
{% endblock %}
"""

blueprint = Blueprint("passes", __name__, url_prefix="/passes")
commands = AppGroup("passes", help="Day passes.")


def make_code(number):
    """The number of a pass with a seal that only this shop can make; the same each time."""
    secret = setting("pass_seal")
    if not secret:
        raise RuntimeError("the back office has no secret for passes yet: type one under Settings")
    seal = hmac.new(secret.encode(), number.encode(), sha256).hexdigest()[:12]
    return f"{number}.{seal}"


def order_of(code):
    """The order that a pass belongs to, or None when the pass is not ours or not good any more."""
    number = code.rpartition(".")[0]
    if not setting("pass_seal") or not hmac.compare_digest(make_code(number).encode(), code.encode()):
        return None
    order, _dot, unit = number.partition(".")
    if not deliveries.may_be_handed_over(int(unit.removeprefix("unit-"))):
        return None
    return db.session.scalar(db.select(Order).where(Order.number == order))


@hookimpl
def salesbot_settings():
    return [
        Setting("pass_place", "Where passes are shown", default="the front door"),
        Setting("pass_seal", "A secret that seals passes", secret=True),
    ]


@hookimpl
def salesbot_deliver(unit):
    if unit.kind != KIND:
        return None
    code = make_code(f"{unit.order.number}.{unit.key}")
    days = unit.options.get("days", 1)
    return Delivered(
        text="Good for one day." if days == 1 else f"Good for {days} days.",
        link=f"{links.base_url()}/passes/{code}",
    )


@hookimpl
def salesbot_order_changed(order, new):
    if new == "fulfilled" and any(line.product.kind == KIND for line in order.lines):
        return Reply("Your pass is a page. Open it when you are there.", [Choice("passes:where", "Where?")])


@hookimpl
def salesbot_handle_message(message):
    """Says where passes are shown, to who asks with the line under a pass."""
    if message.choice == "passes:where":
        return Reply(f"Show your pass at {setting('pass_place')}.", [Choice("menu", "Menu")])


@hookimpl
def salesbot_register_blueprints(app):
    app.register_blueprint(blueprint)


@blueprint.get("/<code>")
def show(code):
    if order_of(code) is None:
        abort(404)
    return render_template_string(PAGE, code=code, place=setting("pass_place"))


@hookimpl
def salesbot_register_commands(cli):
    cli.add_command(commands)


@commands.command()
@click.argument("code")
def check(code):
    """Say whether the pass CODE is good."""
    order = order_of(code)
    if order is None:
        raise click.ClickException("This pass is not good.")
    click.echo(f"This pass is good. It belongs to order {order.number}.")
