"""The list that a plugin is looked over with before it is published: sentences that are true or not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

from flask import Flask
from flask_migrate import upgrade

from salesbot.authoring import paper_checks, run_checks
from salesbot.authoring.looked import Looked, check, raised
from salesbot.authoring.project import Project


def look_over(project: Project, postgresql: str | None, *, with_tests: bool) -> Iterator[Looked]:
    """Every check in turn. `postgresql` is the address of an empty database, or None."""
    yield paper_checks.metadata(project)
    yield paper_checks.compatibility(project, version("salesbot"))
    yield paper_checks.first_words(project)
    yield paper_checks.hooks_explained(project)
    yield paper_checks.translations(project)
    yield run_checks.wheel(project)
    imported = run_checks.imports(project)
    yield imported
    if not imported.ends:
        yield from _in_a_shop(project, postgresql)
    yield paper_checks.tests_there(project)
    if with_tests:
        yield run_checks.tests_pass(project)


def _in_a_shop(project: Project, postgresql: str | None) -> Iterator[Looked]:
    """The checks that need the plugin to run."""
    with ExitStack() as until_the_end:
        try:
            app = until_the_end.enter_context(shop_with(project))
        except KeyboardInterrupt:
            raise
        except BaseException as exc:  # noqa: BLE001 - as with each check
            yield Looked("A shop starts with it", [raised(exc, project)])
            return
        loaded = loads(project, app)
        yield loaded
        if loaded.problems:
            return
        from salesbot.authoring import live_checks, people_checks  # noqa: PLC0415 - they need its models

        yield live_checks.told(project, app)
        yield live_checks.permissions(project, app)
        yield from live_checks.migrations(project, app, postgresql)
        yield people_checks.personal_data(project, app)


@contextmanager
def shop_with(project: Project) -> Iterator[Flask]:
    """A shop of its own with nothing but this plugin in it, back office and all."""
    from salesbot import create_app  # noqa: PLC0415 - a plugin may be unfit to be imported at all
    from salesbot.database import db  # noqa: PLC0415 - as above
    from salesbot.migrations.support import FOLDER  # noqa: PLC0415 - as above

    with TemporaryDirectory() as folder:
        settings = {
            "ENTRY_POINTS": False,
            "DATABASE_URL": f"sqlite:///{folder}/check.db",
            "LOG_LEVEL": "ERROR",
        }
        app = create_app(settings, instance_path=Path(folder) / "instance", plugins=_modules(project))
        with app.app_context():
            upgrade(directory=str(FOLDER))
            yield app
            db.session.remove()
            db.engine.dispose()


def _modules(project: Project) -> list[tuple[str, object]]:
    try:
        return project.load()
    except KeyboardInterrupt:
        raise
    except BaseException:  # noqa: BLE001 - the check of the import has told what it raises
        return []


@check("salesbot loads it: hooks, arguments, settings, names of tables, no hook that goes")
def loads(found: Looked, project: Project, app: Flask) -> None:
    manager = app.extensions["salesbot.plugins"]
    loaded = {plugin.name for plugin in manager.plugins}
    found.problems += [f"{name}: {why}" for name, why in manager.problems.items() if name in project.plugins]
    found.problems += [
        f"{name} can't be imported"
        for name in project.plugins
        if name not in loaded | manager.problems.keys()
    ]
    for plugin in manager.plugins:
        if plugin.name in project.plugins:
            found.problems += [f"{plugin.name}: {warning}" for warning in plugin.warnings]
