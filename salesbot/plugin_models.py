"""Models that plugins bring: one that does not fit the others goes again, before the whole shop stops.

All models of a process are mapped in one registry. SQLAlchemy looks at how they refer to each other at
the first query, and with one that is wrong it refuses every query, the core's own too.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Table
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Mapper, RelationshipProperty

from salesbot.database import Base, db
from salesbot.errors import PluginProblem

REGISTRY = Base.registry


@contextmanager
def importing() -> Iterator[None]:
    """What is imported inside may bring models; all of them are gone again when anything is wrong.

    PluginProblem names the file and the line of a model that does not fit the others.
    """
    # The core's own come first: whatever raises afterwards is about the new ones.
    REGISTRY.configure()
    mappers, tables = set(REGISTRY.mappers), set(db.metadata.tables)
    try:
        yield
        added = [table for name, table in db.metadata.tables.items() if name not in tables]
        if added or len(REGISTRY.mappers) > len(mappers):
            _check(REGISTRY.mappers - mappers, added)
    except BaseException:
        forget(REGISTRY.mappers - mappers, set(db.metadata.tables) - tables)
        raise


def _check(mappers: AbstractSet[Mapper[Any]], tables: list[Table]) -> None:
    owners = {mapper.local_table: mapper for mapper in mappers}
    for table in tables:
        for key in table.foreign_keys:
            try:
                _ = key.column
            except SQLAlchemyError as exc:
                raise PluginProblem(_said(exc, owners.get(table), key.parent.key)) from exc
    try:
        REGISTRY.configure()
    except Exception as exc:
        failed = next((mapper for mapper in mappers if "_configure_failed" in vars(mapper)), None)
        raise PluginProblem(_said(exc, failed, _attribute(exc))) from exc


def _attribute(exc: BaseException) -> str:
    """The attribute that SQLAlchemy was looking at; it says so nowhere else."""
    trace = exc.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_name == "_post_configure_properties":
            return str(trace.tb_frame.f_locals.get("key", ""))
        trace = trace.tb_next
    return ""


def _said(exc: BaseException, mapper: Mapper[Any] | None, attribute: str) -> str:
    text = str(exc).partition("\n")[0].partition("  ")[0]
    if mapper is None:
        return f"its tables don't fit together: {text}"
    model = mapper.class_
    name = ".".join(word for word in (model.__name__, attribute) if word)
    return f"{_place(model, attribute)}{name}: {text}"


def _place(model: type, attribute: str) -> str:
    """The file and line of a model's attribute, or of the model, as "file:line: "."""
    file = getattr(sys.modules.get(model.__module__), "__file__", None)
    if file is None:
        return ""
    try:
        tree = ast.parse(Path(file).read_bytes())
    except (OSError, SyntaxError, ValueError):
        return f"{file}: "
    for found in ast.walk(tree):
        if isinstance(found, ast.ClassDef) and found.name == model.__name__:
            lines = [line.lineno for line in found.body if attribute in _targets(line)]
            return f"{file}:{lines[0] if lines else found.lineno}: "
    return f"{file}: "


def _targets(line: ast.stmt) -> list[str]:
    targets = getattr(line, "targets", None) or [getattr(line, "target", None)]
    return [target.id for target in targets if isinstance(target, ast.Name)]


def forget(mappers: AbstractSet[Mapper[Any]], tables: set[str]) -> None:
    """Takes models out as if they had never been mapped; their modules are imported anew next time."""
    for other in REGISTRY.mappers - mappers:
        for key, prop in list(other._props.items()):  # noqa: SLF001 - as all of this: nothing public does it
            if isinstance(prop, RelationshipProperty) and prop.mapper in mappers:
                _take_back(other, key)
    for mapper in mappers:
        REGISTRY._dispose_manager_and_mapper(mapper.class_manager)  # noqa: SLF001
        REGISTRY._managers.pop(mapper.class_manager, None)  # noqa: SLF001
    for name in tables:
        db.metadata.remove(db.metadata.tables[name])
    for home in {mapper.class_.__module__.partition(".")[0] for mapper in mappers}:
        for name in [name for name in sys.modules if name.partition(".")[0] == home]:
            del sys.modules[name]
    REGISTRY.configure()


def _take_back(mapper: Mapper[Any], key: str) -> None:
    """Removes an attribute that a `backref` has put on a model of somebody else."""
    manager = mapper.class_manager
    mapper._props.pop(key)  # noqa: SLF001
    mapper._init_properties.pop(key, None)  # noqa: SLF001
    manager.local_attrs.pop(key, None)
    type.__delattr__(mapper.class_, key)  # a declarative class would not let go of it
    manager._reset_memoizations()  # noqa: SLF001
    manager.pop(key, None)
    mapper._expire_memoizations()  # noqa: SLF001
