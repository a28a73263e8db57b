"""Templates and static files in a plugin's package: found by themselves, however it is installed."""

from __future__ import annotations

import re
import sys

import pytest

from salesbot.testing.staff import person
from tests.support.installs import OFFLINE, new_installation, pip

CODE = '''"""Shows a page with a style and a picture of its own."""
from flask import Blueprint, render_template
from salesbot import AdminPage, expose, hookimpl

pages = Blueprint("cards_pages", __name__, url_prefix="/cards")

@pages.get("/")
def show():
    return render_template("cards/page.html", word="Hello")

class CardsPage(AdminPage):
    needs = {"index": "look"}

    @expose("/")
    def index(self):
        return self.render("cards/staff.html")

@hookimpl
def salesbot_register_blueprints(app):
    app.register_blueprint(pages)

@hookimpl
def salesbot_register_admin_views(admin):
    admin.add_view(CardsPage("Cards", "cards"))
'''
LINK = (
    """<link rel="stylesheet" href="{{ url_for('plugin_static', plugin='cards', filename='card.css') }}">"""
)
PAGE = "{% extends 'shop/base.html' %}{% block head %}" + LINK + "{% endblock %}"
PAGE += "{% block main %}<h1>{{ word }}</h1>{% endblock %}"
STAFF = "{% extends 'admin/master.html' %}{% block head_css %}{{ super() }}" + LINK + "{% endblock %}"


def write(folder, name="salesbot_cards", plugin="cards"):
    """A package as its author has it: code, templates, static files."""
    package = folder / name
    for part in (f"templates/{plugin}", "static/pictures"):
        (package / part).mkdir(parents=True)
    (package / "__init__.py").write_text(CODE)
    (package / "templates" / plugin / "page.html").write_text(PAGE)
    (package / "templates" / plugin / "staff.html").write_text(STAFF)
    (package / "static" / "card.css").write_text("h1 { color: teal }")
    (package / "static" / "pictures" / "für dich.svg").write_text(
        "<svg xmlns='http://www.w3.org/2000/svg'/>", encoding="utf-8"
    )
    return package


@pytest.fixture
def package(tmp_path, monkeypatch):
    """The package of a plugin called cards, not installed."""
    written = write(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield written
    sys.modules.pop("salesbot_cards", None)


@pytest.fixture
def shop(package, salesbot_apps):
    def make(**settings):
        sys.modules.pop("salesbot_cards", None)
        return salesbot_apps(plugins=[("cards", __import__("salesbot_cards"))], fresh=True, **settings)

    return make


def get(app, address, **options):
    """An answer whose file is read and closed."""
    return app.test_client().get(address, buffered=True, **options)


def style_in(page):
    return re.search(r'href="(/static/plugins/[^"]+)"', page.text)[1]


def test_a_page_finds_its_template_and_its_style(shop):
    app = shop()
    page = get(app, "/cards/")
    assert "<h1>Hello</h1>" in page.text
    style = get(app, style_in(page))
    assert (style.status_code, style.mimetype, style.text) == (200, "text/css", "h1 { color: teal }")
    assert "'self'" in page.headers["Content-Security-Policy"], "which lets the style in"
    assert style.headers["X-Content-Type-Options"] == "nosniff"


def test_what_may_be_kept_for_long_has_an_address_that_changes_with_it(shop, package):
    app = shop()
    old = style_in(get(app, "/cards/"))
    assert get(app, old).headers["Cache-Control"] == "public, max-age=31536000, immutable"
    (package / "static" / "card.css").write_text("h1 { color: tomato }")
    new = style_in(get(app, "/cards/"))
    assert new != old
    assert "tomato" in get(app, new).text
    assert get(app, old).headers["Cache-Control"] == "no-cache", (
        "an old page gets today's file, to look again"
    )
    plain = get(app, new.partition("?")[0])
    assert plain.headers["Cache-Control"] == "no-cache"
    again = get(app, new.partition("?")[0], headers={"If-None-Match": plain.headers["ETag"]})
    assert again.status_code == 304


def test_the_back_office_shows_them_too(shop):
    app = shop(BACK_OFFICE=True)
    page = person(app, "viewer").get("/admin/cards/")
    assert "style-src 'self'" in page.headers["Content-Security-Policy"]
    assert get(app, style_in(page)).status_code == 200


def test_names_with_other_letters_are_served(shop):
    app = shop()
    with app.test_request_context():
        address = app.url_for("plugin_static", plugin="cards", filename="pictures/für dich.svg")
    assert get(app, address).mimetype == "image/svg+xml"


@pytest.mark.parametrize(
    "path", ["../__init__.py", "..%2f__init__.py", "templates/cards/page.html", "nothing.css", "pictures"]
)
def test_nothing_else_of_the_package_is_served(shop, path):
    app = shop()
    assert get(app, f"/static/plugins/cards/{path}").status_code == 404
    assert get(app, "/static/plugins/greeting/anything.css").status_code == 404


def test_files_of_a_plugin_that_is_off_are_not_there(shop):
    from salesbot.plugin_manager import transaction
    from salesbot.services import shop as settings

    app = shop()
    with app.app_context(), transaction():
        settings.switch_plugin("cards", on=False)
    assert get(app, "/static/plugins/cards/card.css").status_code == 404


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("page.html", "templates of this plugin lie in templates/cards/"),
        ("shop/base.html", "templates of this plugin lie in templates/cards/"),
        ("admin/layout.html", "templates of this plugin lie in templates/cards/"),
    ],
)
def test_a_template_whose_name_could_be_anothers_keeps_the_plugin_out(shop, package, name, said):
    path = package / "templates" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("mine")
    app = shop()
    assert said in app.extensions["salesbot.plugins"].problems["cards"]
    assert get(app, "/static/plugins/cards/card.css").status_code == 404
    assert get(app, "/").text != "mine"


def test_two_plugins_have_a_page_html_each(tmp_path, monkeypatch, salesbot_apps):
    monkeypatch.syspath_prepend(str(tmp_path))
    for plugin in ("left", "right"):
        package = write(tmp_path, f"salesbot_two_{plugin}", plugin)
        (package / "templates" / plugin / "page.html").write_text(plugin)
        (package / "static" / "card.css").write_text(f"/* {plugin} */")
        (package / "__init__.py").write_text(
            f"from flask import Blueprint, render_template\nfrom salesbot import hookimpl\n"
            f"pages = Blueprint('{plugin}', __name__)\n\n@pages.get('/{plugin}')\ndef show():\n"
            f"    return render_template('{plugin}/page.html')\n\n@hookimpl\n"
            f"def salesbot_register_blueprints(app):\n    app.register_blueprint(pages)\n"
        )
    modules = [(plugin, __import__(f"salesbot_two_{plugin}")) for plugin in ("left", "right")]
    app = salesbot_apps(plugins=modules, fresh=True)
    for plugin in ("left", "right"):
        assert get(app, f"/{plugin}").text == plugin
        assert get(app, f"/static/plugins/{plugin}/card.css").text == f"/* {plugin} */"
        sys.modules.pop(f"salesbot_two_{plugin}")


ASK = (
    "from flask_migrate import upgrade\n"
    "from salesbot import create_app\n"
    "app = create_app({'DATABASE_URL': 'sqlite:///shop.db', 'BACK_OFFICE': False})\n"
    "with app.app_context():\n"
    "    upgrade(directory=app.extensions['migrate'].directory)\n"
    "browser = app.test_client()\n"
    "page = browser.get('/cards/').text\n"
    "print('Hello' in page, browser.get('/static/plugins/cards/card.css').text)\n"
)


@pytest.mark.xdist_group("installs")
@pytest.mark.parametrize("how", ["wheel", "editable"])
def test_they_are_found_however_the_plugin_is_installed(how, salesbot_wheel, tmp_path):
    folder = tmp_path / "plugin"
    write(folder)
    (folder / "setup.cfg").write_text(
        "[metadata]\nname = salesbot-cards\nversion = 1.0\n\n[options]\npackages = salesbot_cards\n\n"
        "[options.package_data]\n* =\n    templates/**\n    static/**\n\n"
        "[options.entry_points]\nsalesbot.plugins =\n    cards = salesbot_cards\n"
    )
    (folder / "pyproject.toml").write_text(
        '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n'
    )
    environment = new_installation(tmp_path / "environment", salesbot_wheel)
    if how == "wheel":
        environment.pip_install(folder)
    else:
        pip("--python", environment.bin / "python", "install", *OFFLINE, "-e", folder)
    empty = tmp_path / "empty"
    empty.mkdir()
    assert environment.run("python", "-c", ASK, folder=empty).split("\n")[-2] == "True h1 { color: teal }"
