"""The pytest fixtures; nothing heavy is imported before a test asks for one of them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from flask import Flask

    from salesbot.testing.catalogue import Catalogue
    from salesbot.testing.customer import Customer
    from salesbot.testing.moving_clock import MovingClock
    from salesbot.testing.shelf import Shelf
    from salesbot.testing.staff import Person
    from salesbot.testing.twilio import StandIn

_AT_START = dict(os.environ)


def pytest_configure(config: pytest.Config) -> None:
    """Tests of a plugin that is not installed may import it at their top."""
    from salesbot.authoring import project

    found = project.around(config.rootpath / "tests")
    if found is not None:
        found.put_on_path()


@pytest.fixture
def salesbot_config() -> dict[str, Any]:
    """Settings of the shop under test; override it to change them.

    The back office takes a while to build and is left out, unless the test asks for `staff`;
    `{"BACK_OFFICE": True}` puts it in.
    """
    return {}


@pytest.fixture
def salesbot_plugins(request: pytest.FixtureRequest) -> list[tuple[str, object]]:
    """(name, module) pairs of the plugins under test; override it to name others.

    Those that setup.cfg or pyproject.toml above the test declares, installed or not. Others that
    are installed on the machine stay out; where nothing is declared, all that are installed are in.
    """
    from salesbot.authoring import project

    found = project.around(request.path)
    return [] if found is None else found.load()


@pytest.fixture
def salesbot_channel() -> str:
    """How `customer` writes: "simulator", or "twilio" by signed webhooks; override it."""
    return "simulator"


@pytest.fixture(scope="session")
def _salesbot_shell() -> Iterator[None]:
    """Whatever stands in the shell of whoever runs the tests is no part of them."""
    from salesbot.testing import shop

    with pytest.MonkeyPatch.context() as environment:
        for name in shop.option_names():
            if name in _AT_START and os.environ.get(name) == _AT_START[name]:
                environment.delenv(name)
        yield


@pytest.fixture(scope="session")
def salesbot_template(_salesbot_shell: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An instance folder whose SQLite database is migrated once, and copied for each test."""
    from salesbot.testing import shop

    return shop.migrated_folder(tmp_path_factory.mktemp("salesbot") / "template")


@pytest.fixture
def salesbot_instance(salesbot_template: Path) -> Path:
    """The instance folder of the shop under test: always in one place, and always fresh."""
    from salesbot.testing import shop

    return shop.copied(salesbot_template, salesbot_template.with_name("instance"))


@pytest.fixture
def salesbot_database(salesbot_instance: Path) -> str:
    """The address of a fresh, migrated database: a file in the instance folder."""
    from salesbot.testing import shop

    return f"sqlite:///{salesbot_instance / shop.FILE}"


@pytest.fixture(scope="session")
def salesbot_shelf(_salesbot_shell: None) -> Iterator[Shelf]:
    """Where apps wait for the next test, with all forgotten that the last one taught them."""
    from salesbot.testing.shelf import Shelf

    shelf = Shelf()
    yield shelf
    shelf.clear()


@pytest.fixture(scope="session")
def salesbot_twilio_server() -> Iterator[StandIn]:
    """One HTTP server on this machine for all tests of a run."""
    from salesbot.testing.twilio import StandIn

    with StandIn() as stand_in:
        yield stand_in


@pytest.fixture
def twilio(salesbot_twilio_server: StandIn) -> Iterator[StandIn]:
    """The stand-in for Twilio's API, for the shop under test.

    A test that sends it anything that the real one refuses or passes over fails at its end.
    """
    salesbot_twilio_server.reset()
    yield salesbot_twilio_server
    problems = [*salesbot_twilio_server.problems, *salesbot_twilio_server.contents.problems]
    salesbot_twilio_server.reset()
    assert not problems, "Twilio would not take this:\n" + "\n".join(problems)


@pytest.fixture
def salesbot_apps(
    request: pytest.FixtureRequest,
    salesbot_config: dict[str, Any],
    salesbot_plugins: list[tuple[str, object]],
    salesbot_shelf: Shelf,
    salesbot_instance: Path,
    salesbot_database: str,
    twilio: StandIn,
) -> Iterator[Callable[..., Flask]]:
    """Makes apps on the test's database, each as one process of the shop has it.

    `salesbot_apps(**settings)`; `plugins=` replaces those of `salesbot_plugins`. Apps of earlier
    tests are used again; `fresh=True` is for tests that change how an app is made.
    """
    from salesbot.testing import shop

    config = {
        "ENTRY_POINTS": not salesbot_plugins,
        "BACK_OFFICE": "staff" in request.fixturenames,
        **salesbot_config,
    }
    made = shop.Apps(salesbot_shelf, salesbot_instance, salesbot_database, twilio, config, salesbot_plugins)
    with made:
        yield made.make


@pytest.fixture
def app(salesbot_apps: Callable[..., Flask], twilio: StandIn) -> Flask:
    """The shop under test, migrated and empty, with the plugins under test."""
    app = salesbot_apps()
    twilio.connect(app)
    return app


@pytest.fixture
def customers(app: Flask, twilio: StandIn, salesbot_channel: str) -> Callable[..., Customer]:
    """Makes customers: `customers("Ana")`, or `customers("Ben", channel="twilio")`."""
    from salesbot.testing.customer import Customer

    def make(name: str = "", *, channel: str = salesbot_channel, address: str = "") -> Customer:
        return Customer(app, twilio, name, channel=channel, address=address)

    return make


@pytest.fixture
def customer(customers: Callable[..., Customer]) -> Customer:
    """A talking customer: `customer.says("hi")` returns the replies."""
    return customers("Sam")


@pytest.fixture
def catalogue(app: Flask) -> Catalogue:
    """Fills the shop: `catalogue.key("Editor licence", price=1900, keys=["K-1"])`."""
    from salesbot.testing.catalogue import Catalogue

    return Catalogue(app)


@pytest.fixture
def staff(app: Flask) -> Callable[[str | None], Person]:
    """People in the back office: `staff("owner")` is signed in with that role, `staff(None)` is not."""
    from salesbot.testing.staff import person

    def make(role: str | None) -> Person:
        return person(app, role)

    return make


@pytest.fixture
def clock() -> Iterator[MovingClock]:
    """Moves the shop's clock, `clock.move(hours=25)`, and puts it right at the end."""
    from salesbot.testing.moving_clock import MovingClock

    moving = MovingClock()
    yield moving
    moving.reset()
