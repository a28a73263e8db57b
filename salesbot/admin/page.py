"""What plugins build a page of the back office on."""

from __future__ import annotations

from typing import Any

from flask_admin import BaseView, expose

from salesbot.admin.access.guard import Guard
from salesbot.admin.rules import OTHER

__all__ = ["AdminPage", "expose"]


class AdminPage(Guard, BaseView):
    """A page of the back office, at `/admin/<url>/`.

    `needs` maps each exposed method's name to the right that it asks for: "look", "answer",
    "deliver", "money", "change", "delete", "export" or "run". One that is not named is the owner's
    alone. Its template extends `admin/master.html`; forms hold `csrf_token`.
    """

    def __init__(self, name: str, url: str, *, icon: str = "fa-puzzle-piece", **options: Any) -> None:
        super().__init__(
            name=name,
            url=url,
            category=options.pop("category", OTHER),
            endpoint=options.pop("endpoint", f"plugin_{url.replace('-', '_')}"),
            menu_icon_type="fa",
            menu_icon_value=icon,
            **options,
        )
