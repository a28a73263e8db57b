"""What can be said about a model's view, with a value that suits a model nobody has thought about."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from flask_babel import lazy_gettext as _

from salesbot.admin.shown.formatters import Formatter

SHOP, SALES, PEOPLE, SYSTEM = _("Shop"), _("Sales"), _("People"), _("System")
OTHER = _("Plugins")


@dataclass(frozen=True)
class Waiting:
    """Rows that wait for somebody: what for, in words, and what finds their ids, as they are now."""

    words: Any
    ids: Callable[[], Any]


@dataclass(frozen=True)
class Rules:
    """How one model is listed, shown and edited; nothing of it is needed for a plugin's model."""

    many: Any = None  # name in the menu; None: from the class's name
    one: Any = None
    group: Any = OTHER
    icon: str = "fa-puzzle-piece"
    in_menu: bool = True
    opens: str = "details_view"  # where a click on a row leads, if that is allowed
    creates: bool = True
    edits: bool = True
    deletes: bool = True
    needs: Mapping[str, str] = field(default_factory=dict)  # view function -> action of roles.py
    first: tuple[str, ...] = ()  # columns that lead the list and the details
    not_in_list: tuple[str, ...] = ()
    not_in_form: tuple[str, ...] = ()
    never: tuple[str, ...] = ()  # columns that no page shows; encrypted ones never show anyway
    audited: bool = True  # False for what the program counts and notes for itself
    not_in_audit: tuple[str, ...] = ()  # columns whose values the audit does not repeat
    is_person: bool = False  # True where a row's name is somebody's: entries of other rows give its number
    inline: tuple[str, ...] = ()  # amounts of money that can be changed where they stand in the list
    labels: Mapping[str, Any] = field(default_factory=dict)
    helps: Mapping[str, Any] = field(default_factory=dict)
    formatters: Mapping[str, Formatter] = field(default_factory=dict)
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    in_languages: Mapping[str, Any] = field(default_factory=dict)  # labels of what `texts` holds
    filters: tuple[str, ...] = ()
    waiting: Mapping[str, Waiting] = field(default_factory=dict)  # filters by what rows wait for
    search: tuple[str, ...] = ()
    sort: str | tuple[str, bool] | None = None  # None: newest first
    large: bool = False  # too many rows to count them, or to put them into a drop-down
    empty: Any = None
