"""Each check of `salesbot check-plugin`: a plugin that passes it, and one with a single thing wrong."""

from __future__ import annotations

import re
import shutil
import sys
from importlib.metadata import version
from itertools import count

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import write_po

from salesbot import hookspecs
from salesbot.authoring import checks, live_checks, paper_checks, people_checks, run_checks, scaffold
from salesbot.authoring import project as projects

HELLO = "Hello from Checked!"
RUNNING = version("salesbot")


_numbers = count(1)


class Written:
    """A new plugin's folder. Each has a name of its own, "checked7"; tests call it "checked"."""

    def __init__(self, home, *parts):
        self.word = f"checked{next(_numbers)}"
        self.folder = home / f"salesbot-{self.word}"
        scaffold.write(scaffold.names(self.word), parts, self.folder)
        package = self.folder / f"salesbot_{self.word}"
        self.code = package / "__init__.py" if package.is_dir() else self.folder / f"salesbot_{self.word}.py"

    def own(self, text):
        return text.replace("checked", self.word).replace("Checked", self.word.capitalize())

    def file(self, name):
        return self.code if name == "code" else self.folder / self.own(name)

    def change(self, name, old, new):
        """Puts other words into one of its files; "code" is the module."""
        text = self.file(name).read_text("utf-8")
        assert self.own(old) in text, f"{old!r} is not in {name}"
        self.file(name).write_text(text.replace(self.own(old), self.own(new)), "utf-8")

    def add(self, code, name="code"):
        text = self.file(name).read_text("utf-8")
        self.file(name).write_text(f"{text}\n\n{self.own(code)}", "utf-8")

    @property
    def project(self):
        return projects.read(self.folder)

    def live(self, look):
        """What a check of a whole shop with it finds."""
        with checks.shop_with(self.project) as app:
            assert not checks.loads(self.project, app).problems
            return look(self.project, app)


@pytest.fixture
def plugin(tmp_path):
    """Writes a plugin that passes every check: `plugin("models", "admin")`."""
    path, known = list(sys.path), set(sys.modules)
    yield lambda *parts: Written(tmp_path, *parts)
    sys.path[:] = path
    for name in set(sys.modules) - known:
        if name.startswith("salesbot_"):
            del sys.modules[name]


def only(looked, said):
    """One problem, which says this."""
    (problem,) = looked.problems
    assert said in re.sub(r"(?i)(checked)\d+", r"\1", problem)
    return True


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("name = salesbot-checked", "name = checked", "does not begin with “salesbot-”"),
        ("version = 0.1.0\n", "", "version is missing"),
        ("python_requires = >=3.11\n", "", "python is missing"),
        ("    checked = ", "    Checked = ", "'Checked' is not lower-case"),
    ],
)
def test_metadata(plugin, old, new, said):
    good = plugin()
    assert not paper_checks.metadata(good.project).problems
    good.change("setup.cfg", old, new)
    assert only(paper_checks.metadata(good.project), said)


@pytest.mark.parametrize(
    ("new", "said"),
    [
        ("    salesbot", "needs both ends"),
        ("    salesbot >=0.1", "needs both ends"),
        ("    salesbot >=77, <78", "leaves out"),
        ("    other >=1", "salesbot is not among"),
    ],
)
def test_compatibility(plugin, new, said):
    good = plugin()
    assert not paper_checks.compatibility(good.project, RUNNING).problems
    good.change("setup.cfg", "    salesbot >=0.1, <1", new)
    assert only(paper_checks.compatibility(good.project, RUNNING), said)


def test_a_readme_and_a_first_line(plugin):
    good = plugin()
    assert not paper_checks.first_words(good.project).problems
    good.change("code", '"""Checked: a menu line, and an answer to whoever writes "checked"."""\n', "")
    assert only(paper_checks.first_words(good.project), "salesbot_checked.py has no docstring")
    good.file("README.md").write_text("It checks.")
    assert "no README of 20 words" in paper_checks.first_words(good.project).problems[0]


def test_hooks_explained(plugin):
    good = plugin("settings")
    assert not paper_checks.hooks_explained(good.project).problems
    good.change("code", '    """Answers "checked hours" with what staff have typed."""\n', "")
    assert only(paper_checks.hooks_explained(good.project), "say_the_hours has no docstring")
    good.add("`salesbot_handle_message` answers twice.", "README.md")
    assert not paper_checks.hooks_explained(good.project).problems, "the README tells of it"


def speak(plugin, translations, *, compiled=True):
    """Ships a language with these sentences."""
    catalogue = Catalog(locale="es")
    for sentence, words in translations.items():
        catalogue.add(plugin.own(sentence), words)
    folder = plugin.file("salesbot_checked/translations/es/LC_MESSAGES")
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "messages.po").open("wb") as source:
        write_po(source, catalogue)
    if compiled:
        with (folder / "messages.mo").open("wb") as target:
            write_mo(target, catalogue)


def test_translations(plugin):
    good = plugin("admin")
    whole = {
        HELLO: "¡Hola!",
        "Checked": "Comprobado",
        "Menu": "Menú",
        "{count} orders": "{count} pedidos",
    }
    speak(good, whole)
    assert not paper_checks.translations(good.project).problems
    for wrong, said in (
        ({**whole, HELLO: ""}, f"es lacks {HELLO!r}"),
        ({**whole, "{count} orders": "{cuenta} pedidos"}, "es has {cuenta} in '{count} orders'"),
    ):
        speak(good, wrong)
        paper_checks.said_in.cache_clear()
        assert only(paper_checks.translations(good.project), said)
    speak(good, whole)
    speak(good, {**whole, HELLO: "¡Buenas!"}, compiled=False)
    assert only(paper_checks.translations(good.project), "is newer than its messages.mo")


def test_a_language_that_nobody_compiled(plugin):
    good = plugin("admin")
    speak(good, {HELLO: "¡Hola!"}, compiled=False)
    assert only(paper_checks.translations(good.project), "pybabel compile -d salesbot_checked/translations")


def test_tests_are_there(plugin):
    good = plugin()
    assert not paper_checks.tests_there(good.project).problems
    good.change("tests/test_checked.py", "def test_a_crash", "def test_crash")
    assert only(paper_checks.tests_there(good.project), "test_a_crash_…")


def test_its_tests_pass(plugin):
    good = plugin()
    assert not run_checks.tests_pass(good.project).problems
    good.add(
        "def test_nothing(customer):\n    assert not customer.says('checked')\n", "tests/test_checked.py"
    )
    assert only(run_checks.tests_pass(good.project), "test_nothing")


def test_the_wheel_is_whole(plugin):
    good = plugin("admin", "models")
    assert not run_checks.wheel(good.project).problems
    good.change("setup.cfg", "    templates/**\n", "")
    assert only(
        run_checks.wheel(good.project), "salesbot_checked/templates/checked/page.html is not in the wheel"
    )
    assert not list(good.folder.glob("build")), "it is built elsewhere"


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (
            "import socket\ntry:\n    socket.getaddrinfo('example.invalid', 80)\nexcept OSError: pass",
            "example.invalid",
        ),
        ("import subprocess\nsubprocess.run(['true'], check=True)", "it starts true"),
        (
            "import threading, time\nthreading.Thread(target=time.sleep, args=(3,), daemon=True).start()",
            "1 thread",
        ),
        (
            "import time\nwhile time.process_time() < 20: sum(range(9999))\n",
            "do heavy imports inside functions",
        ),
        ("import nobody_has_this", "No module named 'nobody_has_this'"),
        ("raise SystemExit", "it ends the process"),
    ],
)
def test_import(plugin, code, said, monkeypatch):
    if "process_time" in code:
        monkeypatch.setattr(run_checks, "SLOWEST_IMPORT", 0.2)
        code = code.replace(
            "while time.process_time() < 20:",
            "began = time.process_time()\nwhile time.process_time() < began + 0.3:",
        )
    good = plugin()
    good.add(code)
    assert only(run_checks.imports(good.project), said)


def test_an_import_that_is_fine(plugin):
    assert not run_checks.imports(plugin("models", "admin").project).problems


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("def salesbot_menu_items", "def salesbot_menu_item", "did you mean 'salesbot_menu_items'?"),
        ("salesbot_handle_message(message)", "salesbot_handle_message(mesage)", "did you mean 'message'?"),
    ],
)
def test_loading(plugin, old, new, said):
    bad = plugin()
    bad.change("code", old, new)
    with checks.shop_with(bad.project) as app:
        assert only(checks.loads(bad.project, app), said)


def test_the_prefix_of_tables(plugin):
    bad = plugin("models")
    for name in ("salesbot_checked/models.py", "salesbot_checked/migrations/0001_first_tables.py"):
        bad.change(name, '"checked_visits"', '"other_visits"')
    with checks.shop_with(bad.project) as app:
        assert only(checks.loads(bad.project, app), "begin with 'checked_'")


def test_a_hook_that_goes_is_told_with_what_takes_its_place(plugin, monkeypatch):
    def salesbot_menu_items(chat):
        """As it is."""

    retired = hookspecs.hookspec(
        warn_on_impl=DeprecationWarning("salesbot_menu_items goes with 0.3; use salesbot_menu_lines")
    )
    monkeypatch.setattr(hookspecs, "salesbot_menu_items", retired(salesbot_menu_items))
    good = plugin()
    with checks.shop_with(good.project) as app:
        assert only(checks.loads(good.project, app), "use salesbot_menu_lines")


def test_what_a_readme_tells(plugin):
    good = plugin("payment")
    assert not good.live(live_checks.told).problems
    bad = plugin("payment")
    bad.file("README.md").write_text("It is what it is.")
    assert only(bad.live(live_checks.told), "the way to pay 'Checked' is not in the README")


def test_a_command_that_nobody_is_told_of(plugin):
    bad = plugin()
    bad.add(
        "import click\n\n@click.command('recount')\ndef recount():\n    pass\n\n"
        "@hookimpl\ndef salesbot_register_commands(cli):\n    cli.add_command(recount)\n"
    )
    assert only(bad.live(live_checks.told), "the command 'salesbot recount' is not in the README")


OPEN = """
from flask import Blueprint

pages = Blueprint("checked_pages", __name__, url_prefix="/admin/checked-open")

@pages.route("/<int:number>", methods=["{method}"])
def show(number):
    return "everything", {status}

@hookimpl
def salesbot_register_blueprints(app):
    app.register_blueprint(pages)
"""
FOR_A_LOOK = """
    @expose("/empty", methods=["POST"])
    def empty(self):
        return "empty"

CheckedPage.needs = {"index": "look", "empty": "look"}


def count_orders"""


@pytest.mark.parametrize("status", [200, 404])
def test_a_page_that_anybody_opens(plugin, status):
    bad = plugin("admin")
    bad.add(OPEN.replace("{method}", "GET").replace("{status}", str(status)))
    assert only(bad.live(live_checks.permissions), f"GET /admin/checked-open/<int:number> answers {status}")


GUARDED = """
from werkzeug.routing import BaseConverter
from salesbot import AdminPage


class Odd(BaseConverter):
    regex = "odd-[a-z]+-end"


class Guarded(AdminPage):
    needs = {"index": "look", "show": "look"}

    def __init__(self):
        super().__init__(name="Guarded", url="guarded")

    @expose("/")
    def index(self):
        return "all"

    @expose("/{rule}")
    def show(self, it):
        return "one"


@hookimpl(specname="salesbot_register_blueprints")
def converters(app):
    app.url_map.converters["odd"] = Odd


@hookimpl(specname="salesbot_register_admin_views")
def guarded(admin):
    admin.add_view(Guarded())
"""


@pytest.mark.parametrize(
    "rule",
    [
        "<any(last, first):it>",
        "<uuid:it>",
        "<float:it>",
        "<int(min=7):it>",
        "<int(fixed_digits=4):it>",
        "<string(length=5):it>",
        "<path:it>",
    ],
)
def test_a_page_is_tried_whatever_its_address_takes(plugin, rule):
    good = plugin("admin")
    good.add(GUARDED.replace("{rule}", rule))
    found = good.live(live_checks.permissions)
    assert not found.problems
    assert not found.notes


def test_a_page_for_which_no_address_is_found_is_told(plugin):
    good = plugin("admin")
    good.add(GUARDED.replace("{rule}", "<odd:it>"))
    assert good.live(live_checks.permissions).notes == [
        "not tried, as no address fits what it takes: /admin/guarded/<odd:it>"
    ]


def test_a_change_for_who_may_only_look(plugin):
    good = plugin("admin")
    assert not good.live(live_checks.permissions).problems
    bad = plugin("admin")
    bad.change("code", "\n\ndef count_orders", FOR_A_LOOK)
    assert only(
        bad.live(live_checks.permissions),
        "CheckedPage.empty takes POST, and asks only for the right to look",
    )


def migrated(postgresql=None):
    def look(project, app):
        return list(live_checks.migrations(project, app, postgresql))

    return look


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        (
            "models.py",
            "BigInteger, default=0)",
            "BigInteger, default=0)\n    more: Mapped[str]",
            "the models say otherwise",
        ),
        (
            "migrations/0001_first_tables.py",
            '    op.drop_table("checked_visits")',
            "    pass",
            "downgrade leaves checked_visits",
        ),
        (
            "migrations/0001_first_tables.py",
            '    op.drop_table("checked_visits")',
            "    raise NotImplementedError('no way back')",
            "no way back",
        ),
    ],
)
def test_migrations_on_sqlite(plugin, name, old, new, said):
    bad = plugin("models")
    bad.change(f"salesbot_checked/{name}", old, new)
    on_sqlite, on_postgresql = bad.live(migrated())
    assert said in re.sub(r"(checked)\d+", r"\1", on_sqlite.problems[0])
    assert only(on_postgresql, "not tried: give an empty database")


def test_migrations_on_postgresql(plugin, make_postgres_database):
    good = plugin("models")
    assert not [one for one in good.live(migrated(make_postgres_database())) if one.problems]
    bad = plugin("models")
    bad.change(
        "salesbot_checked/migrations/0001_first_tables.py",
        "def upgrade():",
        "def upgrade():\n    op.execute('PRAGMA user_version')",
    )
    on_sqlite, on_postgresql = bad.live(migrated(make_postgres_database()))
    assert not on_sqlite.problems
    assert only(on_postgresql, "PRAGMA")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            'return {"visits": models.visits_of(customer.id)}',
            "return {}",
            "tells the same of somebody whom it knows and of a stranger",
        ),
        (
            'return {"visits": models.visits_of(customer.id)}',
            "return {'now': {1, 2}}",
            "returns what is no JSON",
        ),
        ("models.forget(customer.id)", "pass", "salesbot_erase_customer leaves checked_visits.customer_id"),
        (
            "models.hand_over(other.id, customer.id)",
            "pass",
            "salesbot_customers_joined leaves checked_visits.customer_id",
        ),
        ("models.forget(customer.id)", "raise OSError('no')", "OSError: no"),
        ("@hookimpl\ndef salesbot_erase_customer", "def erase", "salesbot_erase_customer is not there"),
    ],
)
def test_what_is_known_of_people(plugin, old, new, said):
    bad = plugin("models")
    bad.change("code", old, new)
    assert only(bad.live(people_checks.personal_data), said)


def test_people_who_are_told_joined_and_erased(plugin):
    good = plugin("models")
    found = good.live(people_checks.personal_data)
    assert not found.problems
    assert not found.notes


def test_the_first_migration_is_written_from_the_models(plugin):
    """By `salesbot new-migration`, which makes the folder too; what it writes passes the checks."""
    good = plugin("models")
    shutil.rmtree(good.file("salesbot_checked/migrations"))
    with checks.shop_with(good.project) as app:
        types = lambda: app.test_cli_runner().invoke(args=["new-migration", good.word, "first tables"])  # noqa: E731
        written = types()
        assert written.exit_code == 0, written.output
        assert good.file("salesbot_checked/migrations/0001_first_tables.py").is_file()
        again = types()
        assert again.exit_code == 1
        assert "salesbot db upgrade" in again.output
    with checks.shop_with(good.project) as app:
        on_sqlite, _on_postgresql = live_checks.migrations(good.project, app, None)
        assert not on_sqlite.problems
