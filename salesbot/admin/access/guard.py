"""Closes what Flask-Admin leaves open: each view function needs a right, the strictest if unnamed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import abort, has_request_context, redirect, request, session, url_for
from flask_login import current_user
from werkzeug.datastructures import CombinedMultiDict
from werkzeug.wrappers import Response

from salesbot.admin.access import audit
from salesbot.admin.access.roles import may
from salesbot.admin.access.security import explain_refusals, refuse_to_lead_away
from salesbot.admin.shown import reader
from salesbot.extensions import db, login_manager, reading

NEEDS: Mapping[str, str] = {
    "index": "look",
    "index_view": "look",
    "details_view": "look",
    "ajax_lookup": "change",
    "create_view": "change",
    "edit_view": "change",
    "ajax_update": "change",
    "inline_view": "change",
    "action_view": "change",
    "import_view": "change",
    "delete_view": "delete",
    "export": "export",
}
CAPABILITIES: Mapping[str, str] = {
    "create_view": "creates",
    "edit_view": "edits",
    "ajax_update": "edits",
    "inline_view": "edits",
    "delete_view": "deletes",
}
"""Which attribute of a view says that it has this function at all."""

MUST_CHANGE = "must_change_password"
"""In the session of whoever has to choose a password of their own before anything else."""


class Guard:
    """Comes first among the bases of every view of the back office.

    `needs` maps a view function's name to an action of `salesbot.admin.access.roles`; a function that
    neither `needs` nor `NEEDS` names is the owner's alone.
    """

    needs: Mapping[str, str] = {}
    creates = edits = deletes = False
    audited = True
    """False where what a request writes is not the doing of whoever is signed in."""

    def action_for(self, name: str) -> str:
        """The action that a view function's name stands for."""
        return self.needs.get(name) or NEEDS.get(name, "run")

    def may_use(self, name: str) -> bool:
        """Whether this view has the function, and whoever is signed in may use it."""
        capability = CAPABILITIES.get(name)
        has_it = capability is None or bool(getattr(self, capability))
        return has_it and (not has_request_context() or may(self.action_for(name)))

    def is_accessible(self) -> bool:
        """Whether the menu shows this view."""
        return self.may_use(self._default_view)  # type: ignore[attr-defined]

    def create_blueprint(self, admin: Any) -> Any:
        """Flask-Admin's blueprint of this view, refusing in plain words."""
        blueprint = super().create_blueprint(admin)  # type: ignore[misc]
        explain_refusals(blueprint)
        return blueprint

    def _handle_view(self, name: str, **kwargs: Any) -> Response | None:
        with reading():
            known, allowed = current_user.is_authenticated, self.may_use(name)
            if known:
                reader.meet()
            if request.method not in {"GET", "HEAD"}:
                if known and allowed and self.audited:
                    audit.begin(current_user)
                # Whatever is uploaded is looked at before the database is kept from others.
                db.session.rollback()
        if not known:
            answer: Response = login_manager.unauthorized()
            return answer
        if not allowed:
            abort(403)
        if session.get(MUST_CHANGE) and request.blueprint != "admin_account":
            return redirect(url_for("admin_account.index"))
        return None

    def _run_view(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        # Flask-Admin's own catches every TypeError and calls the view again, wrongly.
        return fn(self, *args, **kwargs)


class ModelGuard(Guard):
    """What `Guard` means for a view that Flask-Admin made of a model."""

    can_view_details = True
    # Read by Flask-Admin's templates, which then offer only what would not be refused.
    can_create = property(lambda self: self.may_use("create_view"))
    can_edit = property(lambda self: self.may_use("edit_view"))
    can_delete = property(lambda self: self.may_use("delete_view"))

    def may_use(self, name: str) -> bool:
        """As for any view; whoever may not see the list may do nothing else with it either."""
        return super().may_use(name) and (name == "index_view" or super().may_use("index_view"))

    def _handle_view(self, name: str, **kwargs: Any) -> Response | None:
        if name in {"create_view", "edit_view"}:
            # Flask-Admin looks into a form too for where to go on; this one's fields are the row's.
            request.values = CombinedMultiDict([request.args])
        else:
            refuse_to_lead_away(request.form, "url")
        return super()._handle_view(name, **kwargs)

    def is_action_allowed(self, name: str) -> bool:
        """Whether an action on several rows is offered and carried out."""
        if name == "delete":
            return self.may_use("delete_view")
        return may(self.needs.get(f"action:{name}", "run"))


def lookup_limits() -> None:
    """400 when a look-up asks for nothing that a form would ask for."""
    limit = request.args.get("limit", 10, type=int)
    offset = request.args.get("offset", 0, type=int)
    if request.args.get("query") is None or not 1 <= limit <= 50 or not 0 <= offset <= 10_000:
        abort(400)
