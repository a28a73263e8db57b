"""An app that another test has used before is as good as new."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from salesbot import Reply, hookimpl
from salesbot.models import ALL, PluginState
from salesbot.services import shop
from salesbot.testing.shelf import Shelf

# Only in one process does a test come after another.
pytestmark = pytest.mark.xdist_group("shelf")

USED = set()


class Greeter:
    """A plugin that one test switches off."""

    @hookimpl
    def salesbot_handle_message(self, message, chat):
        return Reply("Ahoy!") if message.text == "ahoy" else None


GREETER = Greeter()


@pytest.fixture
def salesbot_plugins():
    return [("greeter", GREETER)]


@pytest.mark.both_databases
@pytest.mark.parametrize("turn", ["first", "again"])
def test_nothing_of_one_test_is_left_for_the_next(app, catalogue, customer, stored, turn):
    """Rows, settings, a plugin switched off, what the app was told to be: the second time all is new."""
    assert {model.__tablename__: stored(select(func.count()).select_from(model)) for model in ALL} == {
        model.__tablename__: [0] for model in ALL
    }
    assert "Ahoy!" in customer.says("ahoy")[0].text
    assert "Olga" not in customer.says("hi")[0].text
    assert not any(app.config.get(name) for name in ("CHANGED", "PROPAGATE_EXCEPTIONS"))
    assert "changed" not in app.extensions
    assert not hasattr(app, "changed")

    goods = catalogue.key("Editor", keys=1)
    assert goods.id == 1  # ids begin anew too
    catalogue.setting("SHOP_NAME", "Olga's goods")
    with app.app_context():
        shop.switch_plugin("greeter", on=False)
        shop.db.session.commit()
    assert "Ahoy!" not in customer.says("ahoy")[0].text
    assert "Olga" in customer.says("hi")[0].text
    assert stored(select(PluginState.enabled)) == [False]
    app.config.update(CHANGED=True, PROPAGATE_EXCEPTIONS=True)
    app.extensions["changed"] = app.changed = True
    assert turn == "first" or app in USED
    USED.add(app)


@pytest.fixture
def shelf():
    shelf = Shelf()
    yield shelf
    shelf.clear()


@pytest.fixture
def take(shelf, salesbot_instance):
    def take(plugins=(), **settings):
        return shelf.take(
            {"ENTRY_POINTS": False, "BACK_OFFICE": False, **settings}, salesbot_instance, plugins
        )

    return take


def test_whoever_has_an_app_has_it_alone(shelf, take):
    first, second = take(), take()
    assert first is not second
    shelf.put_back(first)
    assert take() is first


def test_other_settings_are_another_app(shelf, take, monkeypatch):
    app = take()
    shelf.put_back(app)
    assert take(CURRENCY="EUR") is not app
    assert take([("greeter", GREETER)]) is not app
    monkeypatch.setenv("SALESBOT_SHOP_NAME", "Elsewhere")
    assert take() is not app
    monkeypatch.undo()
    assert take() is app


def test_an_app_to_which_something_was_added_is_not_used_again(shelf, take):
    app = take()
    app.add_url_rule("/more", view_func=lambda: "more")
    shelf.put_back(app)
    assert take() is not app


def test_a_plugin_whose_hook_was_replaced_is_loaded_again(shelf, take, monkeypatch):
    app = take([("greeter", GREETER)])
    shelf.put_back(app)
    monkeypatch.setattr(GREETER, "salesbot_handle_message", hookimpl(lambda message, chat: None))
    assert take([("greeter", GREETER)]) is not app


def test_failed_sign_ins_are_forgotten(shelf, take):
    app = take(BACK_OFFICE=True, SIGN_IN_LIMIT="1/hour", WTF_CSRF_ENABLED=False)
    tries = {"email": "olga@example.com", "password": "a guess"}
    assert [app.test_client().post("/admin/login", data=tries).status_code for _ in range(2)] == [401, 429]
    shelf.put_back(app)
    again = take(BACK_OFFICE=True, SIGN_IN_LIMIT="1/hour", WTF_CSRF_ENABLED=False)
    assert again is app
    assert again.test_client().post("/admin/login", data=tries).status_code == 401
    shelf.put_back(again)
