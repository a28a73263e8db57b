"""A faulty plugin is left out whole, with the file, the line, what is wrong and the nearest right name."""

import importlib
import re
import sys
from importlib.metadata import EntryPoint

import pytest
from sqlalchemy import select

from salesbot import Reply, hookimpl, hookspecs, plugin_loading, plugin_models
from salesbot.models import Customer, Message, PluginFailure, db

GOOD = '''"""Says pong."""
from salesbot import Reply, hookimpl

@hookimpl
def salesbot_handle_message(message, chat):
    if message.text == "ping":
        return Reply("pong")
'''


@pytest.fixture
def module(tmp_path, monkeypatch):
    """Writes a plugin module and gives its name."""
    monkeypatch.syspath_prepend(str(tmp_path))
    made = []

    def write(source, name="salesbot_ours"):
        tmp_path.joinpath(f"{name}.py").write_text(source)
        importlib.invalidate_caches()
        sys.modules.pop(name, None)
        made.append(name)
        return name

    yield write
    for name in made:
        sys.modules.pop(name, None)


@pytest.fixture
def installed(monkeypatch):
    """Pretends that plugins are installed: (entry point's name, module)."""

    def install(*points):
        found = [EntryPoint(name, value, plugin_loading.GROUP) for name, value in points]
        monkeypatch.setattr(plugin_loading, "_entry_points", lambda: found)

    return install


@pytest.fixture
def shop_with(module, installed, salesbot_apps, twilio):
    """A shop in which this plugin is installed; what `salesbot plugins` says about it."""

    def make(source, name="ours"):
        installed((name, module(source)))
        app = salesbot_apps(ENTRY_POINTS=True)
        twilio.connect(app)
        listed = app.test_cli_runner().invoke(args=["plugins"])
        assert listed.exit_code == 0, listed.output
        return [line for line in listed.output.splitlines() if line.startswith(f"{name} ")]

    return make


def test_a_good_plugin_is_on_and_answers(shop_with, twilio):
    assert shop_with(GOOD) == ["ours                 installed  on: Says pong."]
    assert twilio.writes("ping").text == "pong"


BROKEN = {
    "a misspelt hook": (
        "@hookimpl\ndef salesbot_handel_message(message, chat): pass\n",
        ":3: ",
        "there is no hook 'salesbot_handel_message'; did you mean 'salesbot_handle_message'?",
    ),
    "a wrong argument": (
        "@hookimpl\ndef salesbot_handle_message(mesage, chat): pass\n",
        ":3: ",
        "salesbot_handle_message has no argument 'mesage'; did you mean 'message'?",
    ),
    "an argument of another hook": (
        "@hookimpl\ndef salesbot_menu_items(chat, order): pass\n",
        ":3: ",
        "salesbot_menu_items has no argument 'order'; there are chat",
    ),
    "an argument where there is none": (
        "@hookimpl\ndef salesbot_payment_methods(order): pass\n",
        ":3: ",
        "salesbot_payment_methods has no argument 'order'; it takes none",
    ),
    "arguments without names": (
        "@hookimpl\ndef salesbot_handle_message(*args): pass\n",
        ":3: ",
        "can't take *args; name the arguments",
    ),
    "arguments by name only": (
        "@hookimpl\ndef salesbot_handle_message(message, *, chat=None): pass\n",
        ":3: ",
        "can't take arguments after a *; leave it out",
    ),
    "an async hook": (
        "@hookimpl\nasync def salesbot_handle_message(message, chat): pass\n",
        ":3: ",
        "salesbot_handle_message is async; hooks are plain functions",
    ),
    "an async generator": (
        "@hookimpl\nasync def salesbot_menu_items(chat): yield\n",
        ":3: ",
        "salesbot_menu_items is async; hooks are plain functions",
    ),
    "a missing mark": (
        "def salesbot_handle_message(message, chat): pass\n",
        ":3: ",
        "salesbot_handle_message lacks @hookimpl",
    ),
    "a wrapper": (
        "@hookimpl(wrapper=True)\ndef salesbot_handle_message(message): return (yield)\n",
        ":3: ",
        "salesbot_handle_message is a wrapper; salesbot has no hook wrappers",
    ),
    "an old wrapper": (
        "@hookimpl(hookwrapper=True)\ndef salesbot_handle_message(message): yield\n",
        ":3: ",
        "salesbot_handle_message is a wrapper",
    ),
    "a misspelt specname": (
        '@hookimpl(specname="salesbot_menu_item")\ndef lines(chat): pass\n',
        ":3: ",
        "there is no hook 'salesbot_menu_item'; did you mean 'salesbot_menu_items'?",
    ),
    "an import of what is not there": ("import not_there_at_all\n", ":3: ", "ModuleNotFoundError"),
    "a slip in the grammar": ("def broken(:\n    pass\n", ":3: ", "SyntaxError"),
    "an error at import": ("1 / 0\n", ":3: ", "ZeroDivisionError"),
    "an exit at import": ("raise SystemExit('bye')\n", ":3: ", "SystemExit: bye"),
    "settings that are none": (
        "@hookimpl\ndef salesbot_settings(): return ['url']\n",
        "",
        "salesbot_settings returns Setting objects",
    ),
    "a setting of a number": (
        "from salesbot import Setting\n@hookimpl\ndef salesbot_settings(): return [Setting(5, None)]\n",
        "",
        "Setting(name=5, title=None, default='', secret=False): its name is letters",
    ),
    "a setting without a title": (
        "from salesbot import Setting\n@hookimpl\ndef salesbot_settings(): return [Setting('url', None)]\n",
        "",
        "its title is the words that staff read beside it",
    ),
    "a setting whose default is a number": (
        "from salesbot import Setting\n@hookimpl\ndef salesbot_settings(): return Setting('n', 'N', 5)\n",
        "",
        "its default is text, such as '5'",
    ),
    "two settings of one name": (
        (
            "from salesbot import Setting\n"
            "@hookimpl\ndef salesbot_settings(): return [Setting('url', 'One'), Setting('url', 'Other')]\n"
        ),
        "",
        "salesbot_settings names 'url' twice",
    ),
    "a folder for migrations that is not there": (
        "@hookimpl\ndef salesbot_migrations(): return 'migratoins'\n",
        "",
        "migratoins, which is not there; `salesbot new-migration ours",
    ),
    "a hook that is there twice": (
        (
            "@hookimpl\ndef salesbot_handle_message(message): pass\n"
            "@hookimpl(tryfirst=True)\ndef salesbot_handle_message(chat): pass\n"
        ),
        ":6: ",
        "salesbot_handle_message takes the place of the one in line 4; give one another name",
    ),
    "a misspelt import": (
        "from salesbot import Replly\n",
        ":3: ",
        "cannot import name 'Replly' from 'salesbot'",
    ),
    "an import with the nearest name": (
        "from salesbot import Replly\n",
        ":3: ",
        "; did you mean 'Reply'?",
    ),
    "a misspelt name at import": (
        "import salesbot\nsalesbot.Replly('no')\n",
        ":4: ",
        "module 'salesbot' has no attribute 'Replly'; did you mean 'Reply'?",
    ),
    "a misspelt module": (
        "from salesbot.model import db\n",
        ":3: ",
        "No module named 'salesbot.model'; did you mean 'models'?",
    ),
    "a misspelt module as an attribute": (
        "import salesbot\nsalesbot.model\n",
        ":4: ",
        "has no attribute 'model'; did you mean 'models'?",
    ),
    "a misspelt model": (
        "from salesbot.models import Ordr\n",
        ":3: ",
        "; did you mean 'Order'?",
    ),
    "a misspelt service": (
        "from salesbot.services.link import base_url\n",
        ":3: ",
        "No module named 'salesbot.services.link'; did you mean 'links'?",
    ),
    "settings that raise": (
        "@hookimpl\ndef salesbot_settings():\n    raise KeyError('url')\n",
        ":5: ",
        "KeyError: 'url'",
    ),
    "routes that raise": (
        "@hookimpl\ndef salesbot_register_blueprints(app):\n    raise SystemExit(3)\n",
        ":5: ",
        "SystemExit: 3",
    ),
    "commands that raise": (
        "@hookimpl\ndef salesbot_register_commands(cli):\n    cli.nothing\n",
        ":5: ",
        "AttributeError",
    ),
}


@pytest.mark.parametrize(("source", "place", "said"), BROKEN.values(), ids=BROKEN.keys())
def test_what_is_wrong_is_said_with_its_place(shop_with, tmp_path, twilio, caplog, source, place, said):
    (line,) = shop_with('"""Is faulty."""\nfrom salesbot import Reply, hookimpl\n' + source)
    assert line.startswith("ours                 installed  left out: ")
    assert said in line
    if place:
        assert f"{tmp_path / 'salesbot_ours.py'}{place}" in line
    assert "plugin ours is left out" in caplog.text
    assert "Welcome" in twilio.writes("hi").text


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (
            "def salesbot_handel_message(message): pass\n",
            ":3: salesbot_handel_message is no hook; did you mean",
        ),
        ("def handle_message(message): pass\n", ":3: handle_message is no hook; did you mean"),
        ("def anything(message): pass\n", "on: Is empty.; it implements no hook"),
    ],
)
def test_one_without_a_hook_is_on_with_a_warning(shop_with, tmp_path, caplog, source, said):
    (line,) = shop_with('"""Is empty."""\nfrom salesbot import hookimpl\n' + source)
    assert "on: Is empty.; it implements no hook" in line
    assert said in line
    assert "plugin ours: it implements no hook" in caplog.text
    if "no hook;" in said:
        assert "did you mean 'salesbot_handle_message', with @hookimpl?" in line


def test_a_misspelt_hook_without_its_mark_is_told_beside_good_ones(shop_with):
    (line,) = shop_with(GOOD + "\ndef salesbot_menu_item(chat): pass\n\ndef search(words): pass\n")
    assert "salesbot_menu_item is no hook; did you mean 'salesbot_menu_items', with @hookimpl?" in line
    assert "implements no hook" not in line
    assert line.count("did you mean") == 1


def test_a_misspelt_name_in_a_hook_is_told_when_it_fails(shop_with, twilio, caplog):
    shop_with(
        "import salesbot\nfrom salesbot import hookimpl\n"
        "@hookimpl\ndef salesbot_handle_message(message): return salesbot.Replly('no')\n"
    )
    twilio.writes("ping")
    assert "did you mean 'Reply'?" in caplog.text


def test_all_that_is_wrong_is_said_at_once(shop_with):
    (line,) = shop_with(
        "from salesbot import hookimpl\n"
        "@hookimpl\ndef salesbot_handel_message(message): pass\n"
        "@hookimpl\nasync def salesbot_menu_items(chat): pass\n"
    )
    assert "did you mean 'salesbot_handle_message'" in line
    assert "is async" in line


def test_a_plugin_with_one_wrong_hook_is_left_out_whole(shop_with, twilio):
    shop_with(GOOD + "\n@hookimpl\ndef salesbot_menu_itemz(chat): pass\n")
    assert "pong" not in twilio.writes("ping").text


@pytest.mark.parametrize(
    ("requires", "said"),
    [
        (
            "nobody-has-this >=2",
            'it needs nobody-has-this, which is not installed: pip install "nobody-has-this>=2"',
        ),
        ("salesbot >=7, <8", "it is made for salesbot<8,>=7, and this is 0.1.0"),
        ("click <1", "it needs click<1, and 8."),
        ('nobody-has-this; extra == "test"', "on: Says pong."),
        ("salesbot >=0.1, <1", "on: Says pong."),
    ],
    ids=["missing", "another salesbot", "too new", "only for tests", "all there"],
)
def test_what_it_needs_and_does_not_find_is_said_with_the_remedy(
    module, tmp_path, salesbot_apps, requires, said
):
    module(GOOD)
    about = tmp_path / "salesbot_ours-1.0.dist-info"
    about.mkdir()
    about.joinpath("METADATA").write_text(
        f"Metadata-Version: 2.1\nName: salesbot-ours\nVersion: 1.0\nRequires-Dist: {requires}\n"
    )
    about.joinpath("entry_points.txt").write_text("[salesbot.plugins]\nours = salesbot_ours\n")
    app = salesbot_apps(ENTRY_POINTS=True)
    listed = app.test_cli_runner().invoke(args=["plugins"]).output
    assert said in next(line for line in listed.splitlines() if line.startswith("ours "))


MODELS = '''"""Keeps visits."""
from salesbot import hookimpl
from salesbot.models import db
from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

class Visit(db.Model):
    __tablename__ = "ours_visit"
    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"))
'''
DO_NOT_FIT = {
    "a side that is not there": (
        '    customer = relationship("Customer", back_populates="visits")\n',
        ":11: Visit.customer: ",
        "has no property 'visits'",
    ),
    "a model that is not there": (
        '    customer = relationship("Customer", backref="visits")\n    other = relationship("Custmer")\n',
        ":12: Visit.other: ",
        "failed to locate a name ('Custmer')",
    ),
    "a name that is taken": (
        '    customer = relationship("Customer", backref="addresses")\n',
        ":11: Visit.customer: ",
        "property of that name exists",
    ),
    "no way from one to the other": (
        '    order = relationship("Order")\n',
        ":11: Visit.order: ",
        "there are no foreign keys",
    ),
    "a table that is not there": (
        '    order_id: Mapped[int] = mapped_column(ForeignKey("ordre.id"))\n',
        ":11: Visit.order_id: ",
        "could not find table 'ordre'",
    ),
    "a table without a model": (
        'db.Table("ours_table", db.Column("x", ForeignKey("ordre.id")))\n',
        "",
        "its tables don't fit together: ",
    ),
    "a bug after a wrong model": (
        '    customer = relationship("Customer", back_populates="visits")\n1 / 0\n',
        ":12: ",
        "ZeroDivisionError",
    ),
}


@pytest.mark.both_databases
@pytest.mark.parametrize(("source", "place", "said"), DO_NOT_FIT.values(), ids=DO_NOT_FIT.keys())
def test_models_that_do_not_fit_are_left_out_and_the_shop_sells(
    shop_with, tmp_path, twilio, catalogue, source, place, said
):
    """Each time that the shop starts, also twice in one process."""
    tables = set(db.metadata.tables)
    for _time in range(2):
        (line,) = shop_with(MODELS + source)
        assert line.startswith("ours                 installed  left out: ")
        assert said in line
        if place:
            assert f"{tmp_path / 'salesbot_ours.py'}{place}" in line
        assert "sqlalche.me" not in line
    assert set(db.metadata.tables) == tables
    assert not hasattr(Customer, "visits")
    catalogue.file("Book")
    assert "Book" in twilio.writes("book").text
    assert db.metadata.sorted_tables


def test_models_named_like_the_shops_own_are_the_plugins_affair(shop_with, twilio, catalogue):
    """The shop's models know each other already when a second class of the name comes."""
    mappers, tables = set(plugin_models.REGISTRY.mappers), set(db.metadata.tables)
    named = MODELS.replace("class Visit", "class Product").replace("ours_visit", "ours_product")
    try:
        assert shop_with(named) == [
            "ours                 installed  on: Keeps visits.; it implements no hook"
        ]
        catalogue.file("Book")
        assert "Book" in twilio.writes("book").text
    finally:
        plugin_models.forget(plugin_models.REGISTRY.mappers - mappers, set(db.metadata.tables) - tables)


def test_the_name_of_a_built_in_is_refused(shop_with, twilio):
    lines = shop_with(GOOD, name="greeting")
    assert any(
        "'greeting' is the name of a built-in plugin; rename the entry point" in line for line in lines
    )
    assert any("built in   on: Says hello" in line for line in lines)
    assert "Welcome" in twilio.writes("hi").text


def test_two_plugins_of_one_name_are_told_apart(module, installed, salesbot_apps, twilio):
    one, other = module(GOOD, "salesbot_one"), module(GOOD.replace("pong", "bing"), "salesbot_other")
    installed(("ours", one), ("ours", other))
    twilio.connect(app := salesbot_apps(ENTRY_POINTS=True))
    output = app.test_cli_runner().invoke(args=["plugins"]).output
    assert output.count("\nours ") == 2
    assert "another plugin is called 'ours' already; rename the entry point" in output
    assert twilio.writes("ping").text == "pong"


@pytest.mark.parametrize("hook", ["message", "message, chat", "chat", "", "message, chat=None"])
def test_a_hook_takes_what_it_needs(shop_with, twilio, hook):
    shop_with(
        "from salesbot import Reply, hookimpl\n"
        f"@hookimpl\ndef salesbot_handle_message({hook}): return Reply('pong')\n"
    )
    assert twilio.writes("ping").text == "pong"


def test_an_argument_with_a_default_gets_its_value(shop_with, twilio):
    shop_with(
        "from salesbot import Reply, hookimpl\n"
        "@hookimpl\ndef salesbot_handle_message(message, chat=None, mine='m'):\n"
        "    return Reply(f'{chat.customer.address} {mine}')\n"
    )
    assert twilio.writes("ping").text == "whatsapp:+15550001111 m"


def test_an_argument_of_its_own_may_stand_before_one_of_the_hook(shop_with, twilio):
    shop_with(
        "from salesbot import Reply, hookimpl\n"
        "@hookimpl\ndef salesbot_handle_message(message, mine='m', chat=None):\n"
        "    return Reply(f'{chat.customer.address} {mine}')\n"
    )
    assert twilio.writes("ping").text == "whatsapp:+15550001111 m"


def test_a_second_implementation_is_named_by_specname(shop_with, twilio):
    shop_with(
        GOOD + '\n@hookimpl(specname="salesbot_handle_message")\n'
        "def later(message):\n    return Reply('bong') if message.text == 'bing' else None\n"
    )
    assert twilio.writes("ping").text == "pong"
    assert twilio.writes("bing").text == "bong"


def test_odd_attributes_of_a_module_stop_nobody(shop_with, twilio):
    shop_with(
        GOOD
        + """
class Odd:
    def __getattr__(self, name): raise RuntimeError("do not touch")
    def __eq__(self, other): raise RuntimeError("do not compare")
    __hash__ = None
odd = Odd()
"""
    )
    assert twilio.writes("hi").status == 200
    assert "Welcome" in twilio.writes("hi").text


ROUTES = '''"""Has pages."""
from flask import Blueprint
from salesbot import hookimpl

blueprint = Blueprint("{name}", __name__)

@blueprint.get("{path}")
def page():
    return "my own page"

@hookimpl
def salesbot_register_blueprints(app):
    app.register_blueprint(blueprint)
{then}
'''


def test_a_plugin_adds_pages_until_it_is_switched_off(shop_with, twilio):
    from salesbot.database import transaction
    from salesbot.services import shop

    shop_with(ROUTES.format(name="ours", path="/ours", then=""))
    browser = twilio.target.test_client()
    assert browser.get("/ours").text == "my own page"
    with twilio.target.app_context(), transaction():
        shop.switch_plugin("ours", on=False)
    assert browser.get("/ours").status_code == 404


def test_a_plugin_that_fails_after_adding_pages_has_none(shop_with, twilio):
    (line,) = shop_with(ROUTES.format(name="ours", path="/ours", then="    raise RuntimeError('late')"))
    assert "RuntimeError: late" in line
    assert twilio.target.test_client().get("/ours").status_code == 404


@pytest.mark.parametrize(
    "name", ["shop", "checkout", "payments", "delivery", "chatbot", "health", "phone", "payment_demo"]
)
def test_pages_named_like_the_shops_own_keep_nobody_from_selling(shop_with, twilio, name):
    shop_with(ROUTES.format(name=name, path="/ours", then=""))
    assert "Welcome" in twilio.writes("hi").text
    assert twilio.target.test_client().get("/health/live").status_code == 200


@pytest.mark.parametrize("name", ["admin", "product", "order", "conversation"])
def test_pages_named_like_the_back_offices_keep_nobody_from_it(
    module, installed, salesbot_apps, twilio, name
):
    installed(("ours", module(ROUTES.format(name=name, path="/ours", then=""))))
    twilio.connect(app := salesbot_apps(ENTRY_POINTS=True, BACK_OFFICE=True))
    assert "Welcome" in twilio.writes("hi").text
    assert app.test_client().get("/admin/login").status_code == 200


@pytest.mark.parametrize("path", ["/health/live", "/"])
def test_pages_at_the_shops_own_addresses_do_not_take_their_place(shop_with, twilio, path):
    shop_with(ROUTES.format(name="ours", path=path, then=""))
    assert "my own page" not in twilio.target.test_client().get(path).text


AROUND = {
    "a page of the app's": (
        '    @app.get("/admin/open-to-all")\n    def page(): return "my own page"\n',
        "the page /admin/open-to-all is in no Blueprint of its own; use a Blueprint",
    ),
    "before all pages": (
        "    @app.before_request\n    def before(): raise RuntimeError('before')\n",
        "before_request for pages that are not its own; use that of its Blueprint",
    ),
    "before all pages, by a blueprint": (
        (
            "    @blueprint.before_app_request\n    def before(): raise RuntimeError('before')\n"
            "    app.register_blueprint(blueprint)\n"
        ),
        "before_request for pages that are not its own",
    ),
    "before another's pages": (
        "    app.before_request_funcs.setdefault('shop', []).append(lambda: 1 / 0)\n",
        "before_request for pages that are not its own",
    ),
    "after all pages": (
        "    @app.after_request\n    def after(response): raise RuntimeError('after')\n",
        "after_request for pages that are not its own",
    ),
    "when all pages end": (
        "    @app.teardown_request\n    def end(exc): raise RuntimeError('end')\n",
        "teardown_request for pages that are not its own",
    ),
    "when the app ends": (
        "    @app.teardown_appcontext\n    def end(exc): raise RuntimeError('end')\n",
        "teardown_appcontext is for all pages",
    ),
    "the page of what is not there": (
        "    @app.errorhandler(404)\n    def lost(exc): return 'my own page', 200\n",
        "errorhandler for pages that are not its own",
    ),
    "the page of what is not there, by a blueprint": (
        (
            "    @blueprint.app_errorhandler(404)\n    def lost(exc): return 'my own page', 200\n"
            "    app.register_blueprint(blueprint)\n"
        ),
        "errorhandler for pages that are not its own",
    ),
    "words for all templates": (
        "    @app.context_processor\n    def words(): raise RuntimeError('words')\n",
        "context_processor for pages that are not its own",
    ),
    "another's view": (
        "    app.view_functions['shop.home'] = lambda: 'my own page'\n",
        "it puts another page in the place of 'shop.home'",
    ),
    "an address that is taken": (
        (
            "    blueprint.get('/pay/<number>')(lambda number: 'my own page')\n"
            "    app.register_blueprint(blueprint)\n"
        ),
        "the address /pay/<number> is taken; choose another one",
    ),
}


@pytest.mark.parametrize(("source", "said"), AROUND.values(), ids=AROUND.keys())
def test_what_is_not_in_a_plugins_blueprint_leaves_it_out_and_others_pages_alone(
    shop_with, twilio, source, said
):
    (line,) = shop_with(
        '"""Has pages."""\nfrom flask import Blueprint\nfrom salesbot import hookimpl\n'
        'blueprint = Blueprint("ours", __name__)\n'
        "@hookimpl\ndef salesbot_register_blueprints(app):\n" + source
    )
    assert "left out: " in line
    assert said in line
    browser = twilio.target.test_client()
    assert browser.get("/").status_code == 200
    assert browser.get("/health/live").status_code == 200
    for path in ("/admin/open-to-all", "/nothing-here"):
        answer = browser.get(path)
        assert answer.status_code == 404
        assert "my own page" not in answer.text
    assert "Welcome" in twilio.writes("hi").text


def test_what_a_blueprint_does_around_its_own_pages_is_its_affair(shop_with, twilio):
    (line,) = shop_with(
        ROUTES.format(name="ours", path="/ours", then="")
        + "@blueprint.errorhandler(404)\ndef lost(exc): return 'lost', 404\n"
        "@blueprint.before_request\ndef before(): pass\n"
        "@blueprint.context_processor\ndef words(): return {}\n"
    )
    assert "on: Has pages." in line
    assert twilio.target.test_client().get("/ours").text == "my own page"


@pytest.mark.parametrize("url", ["/admin/order/", "plugins"])
def test_a_page_of_the_back_office_at_a_taken_address_leaves_the_plugin_out(
    module, installed, salesbot_apps, twilio, url
):
    installed(
        (
            "ours",
            module(
                '"""Has a page."""\nfrom salesbot import AdminPage, expose, hookimpl\n'
                "class Mine(AdminPage):\n    needs = {'index': 'look'}\n    @expose('/')\n"
                "    def index(self): return 'my own page'\n"
                "@hookimpl\ndef salesbot_register_admin_views(admin):\n"
                f"    admin.add_view(Mine(name='Mine', url={url!r}))\n"
            ),
        )
    )
    app = salesbot_apps(ENTRY_POINTS=True, BACK_OFFICE=True)
    assert "is taken; choose another one" in app.extensions["salesbot.plugins"].problems["ours"]
    twilio.connect(app)
    assert "Welcome" in twilio.writes("hi").text


def test_a_plugin_adds_commands(shop_with, twilio):
    shop_with(
        '"""Has a command."""\nimport click\nfrom salesbot import hookimpl\n'
        "@hookimpl\ndef salesbot_register_commands(cli):\n"
        "    @cli.command('pong')\n    def pong():\n        click.echo('ping')\n"
    )
    assert twilio.target.test_cli_runner().invoke(args=["pong"]).output == "ping\n"


@pytest.mark.parametrize("name", ["serve", "db", "plugins"])
def test_a_command_named_like_the_shops_own_is_refused(shop_with, twilio, name):
    (line,) = shop_with(
        '"""Has a command."""\nimport click\nfrom salesbot import hookimpl\n'
        f"@hookimpl\ndef salesbot_register_commands(cli):\n    @cli.command({name!r})\n"
        "    def mine():\n        click.echo('mine')\n"
    )
    assert f"salesbot has a command {name!r} already" in line
    assert "mine" not in twilio.target.test_cli_runner().invoke(args=["plugins", "--help"]).output


def test_a_setting_of_a_plugin_is_read_by_its_short_name(shop_with, twilio, catalogue):
    shop_with(
        "from salesbot import Reply, Setting, hookimpl, setting\n"
        "@hookimpl\ndef salesbot_settings(): return [Setting('club', 'Club', default='FC Example')]\n"
        "@hookimpl\ndef salesbot_handle_message(message): return Reply(setting('club'))\n"
    )
    assert twilio.writes("x").text == "FC Example"
    catalogue.setting("ours.club", "FC Other")
    assert twilio.writes("x").text == "FC Other"


def test_a_setting_in_the_environment_wins(shop_with, twilio, monkeypatch):
    monkeypatch.setenv("SALESBOT_CLUB", "FC Environment")
    shop_with(
        "from salesbot import Reply, Setting, hookimpl, setting\n"
        "@hookimpl\ndef salesbot_settings(): return [Setting('club', 'Club')]\n"
        "@hookimpl\ndef salesbot_handle_message(message): return Reply(setting('club'))\n"
    )
    assert twilio.writes("x").text == "FC Environment"


def test_a_setting_that_nobody_declares_is_the_plugins_failure(shop_with, twilio, stored):
    shop_with(
        "from salesbot import Reply, hookimpl, setting\n"
        "@hookimpl\ndef salesbot_handle_message(message): return Reply(setting('club'))\n"
    )
    assert "Welcome" in twilio.writes("hi").text


def test_what_a_plugin_returns_wrongly_is_a_mistake_in_its_own_file(shop_with, twilio, stored):
    shop_with(GOOD.replace('Reply("pong")', '"pong"'))
    twilio.writes("ping")
    (failure,) = stored(select(PluginFailure))
    assert "salesbot_ours.py: PluginProblem: it returned a str, not a Reply" in failure.error


def test_whoever_implements_a_hook_that_is_to_go_is_told_and_works_on(shop_with, monkeypatch, caplog):
    going = DeprecationWarning("salesbot_search goes with 0.3; use salesbot_find")
    monkeypatch.setitem(hookspecs.salesbot_search.salesbot_spec, "warn_on_impl", going)
    (line,) = shop_with(GOOD + "\n@hookimpl\ndef salesbot_search(words): pass\n")
    assert "on: Says pong.; soon not any more: " in line
    assert line.endswith("salesbot_search goes with 0.3; use salesbot_find")
    assert re.search(
        r"plugin ours: soon not any more: \S+salesbot_ours.py:\d+: salesbot_search goes with 0.3", caplog.text
    )


def test_whoever_takes_an_argument_that_is_to_go_is_told_and_works_on(shop_with, monkeypatch):
    going = {"language": DeprecationWarning("language goes with 0.3; ask chat.language")}
    monkeypatch.setitem(hookspecs.salesbot_search.salesbot_spec, "warn_on_impl_args", going)
    (line,) = shop_with(GOOD + "\n@hookimpl\ndef salesbot_search(words, language): pass\n")
    assert "on: Says pong.; soon not any more: " in line
    assert line.endswith("language goes with 0.3; ask chat.language")
    (line,) = shop_with(GOOD + "\n@hookimpl\ndef salesbot_search(words): pass\n")
    assert line.endswith("on: Says pong.")


def test_no_plugin_reads_anothers_settings(module, installed, salesbot_apps, twilio, stored):
    theirs = module(
        "from salesbot import Setting, hookimpl\n\n@hookimpl\ndef salesbot_settings():\n"
        "    return [Setting('their_key', 'Key', secret=True)]\n",
        "salesbot_theirs",
    )
    ours = module(
        "from salesbot import Reply, hookimpl, setting\n\n@hookimpl\ndef salesbot_handle_message(message):\n"
        "    return Reply('it is ' + setting('their_key'))\n"
    )
    installed(("ours", ours), ("theirs", theirs))
    twilio.connect(salesbot_apps(ENTRY_POINTS=True))
    assert "it is" not in twilio.writes("hello").text
    (failure,) = stored(select(PluginFailure))
    assert "plugin 'ours' is not the one that declares a setting 'their_key'" in failure.error


def test_no_plugin_reads_anothers_settings_while_it_starts(module, installed, salesbot_apps):
    theirs = module(
        "from salesbot import Setting, hookimpl\n\n@hookimpl\ndef salesbot_settings():\n"
        "    return [Setting('their_key', 'Key', secret=True)]\n",
        "salesbot_theirs",
    )
    ours = module(
        "from salesbot import hookimpl, setting\n\n@hookimpl\ndef salesbot_register_blueprints(app):\n"
        "    setting('their_key')\n"
    )
    installed(("a_theirs", theirs), ("ours", ours))
    problem = salesbot_apps(ENTRY_POINTS=True).extensions["salesbot.plugins"].problems["ours"]
    assert "plugin 'ours' is not the one that declares a setting 'their_key'" in problem


@pytest.mark.parametrize("setting", ["SAFE_MODE", "DISABLED_PLUGINS"])
def test_a_plugin_can_be_left_out_from_outside(module, installed, salesbot_apps, twilio, setting):
    installed(("ours", module(GOOD)))
    twilio.connect(salesbot_apps(ENTRY_POINTS=True, **{setting: {"SAFE_MODE": True}.get(setting, "ours")}))
    assert "pong" not in twilio.writes("ping").text


def test_a_built_in_can_be_swapped_for_another(salesbot_apps, twilio):
    class Fallback:
        @hookimpl(trylast=True)
        def salesbot_handle_message(self, message, chat):
            return Reply("I am the new fallback")

    twilio.connect(salesbot_apps(DISABLED_PLUGINS="greeting fallback", plugins=[("mine", Fallback())]))
    assert twilio.writes("hi").text == "I am the new fallback"


@pytest.mark.parametrize("left_out", plugin_loading.BUILT_IN)
def test_the_shop_answers_without_any_one_of_its_own(salesbot_apps, twilio, stored, left_out):
    twilio.connect(salesbot_apps(DISABLED_PLUGINS=left_out))
    for words in ("hi", "menu", "help", "a person", "menu", "stop", "cart", "my orders", "submarine"):
        answer = twilio.writes(words)
        assert answer.status == 200
        assert "went wrong" not in answer.text
    assert set(stored(select(Message.state))) <= {"received", "answered"}
