"""Brings categories, products, customers and quick answers in from a CSV: first shown, then done."""

from __future__ import annotations

from typing import Any

from flask import abort, flash, redirect, request
from flask_admin import expose
from flask_admin.contrib.sqla import ModelView
from flask_babel import gettext, ngettext
from sqlalchemy.exc import IntegrityError

from salesbot.admin.access import audit
from salesbot.admin.rows import import_kinds, import_plans
from salesbot.admin.shown import formatters
from salesbot.extensions import db, reading, transaction

LARGEST = 2_000_000
"""Bytes of a file: it goes to the browser and back once."""


class Imports(ModelView):
    """Gives a model's view the page; only models with a kind of their own in `import_kinds` have it."""

    may_use: Any
    column_labels: dict[str, Any]
    can_import = property(lambda self: self.model in import_kinds.KINDS and self.may_use("import_view"))

    @expose("/import/", methods=("GET", "POST"))
    def import_view(self) -> Any:
        """The form; what a file would do; and doing it when that was agreed to."""
        if self.model not in import_kinds.KINDS:
            abort(404)
        text = self._sent()
        if text is None:
            return self._page()
        with reading():
            plan = import_plans.plan(self.model, text, self.column_labels)
            if plan.problem:
                flash(plan.problem, "error")
                return self._page()
            agreed = request.form.get("agreed", "")
            if not agreed:
                return self._page(plan, text)
            db.session.rollback()
        try:
            with transaction():
                plan = import_plans.plan(self.model, text, self.column_labels)
                if plan.fingerprint == agreed:
                    import_plans.carry_out(self.model, plan)
                    counts = plan.counts
                    audit.note(
                        "imported",
                        self.model,
                        title=str(self.name),
                        new=[None, counts["new"]],
                        changed=[None, counts["changed"]],
                    )
        except IntegrityError:
            agreed = ""
        if plan.fingerprint != agreed:
            flash(gettext("Something has changed in the meantime. Look at it again."), "warning")
            return self._page(plan, text)
        self._say(plan)
        return redirect(self.get_url(".index_view"))

    def _sent(self) -> str | None:
        """The text of the file, None when there is none yet or it is too large."""
        file = request.files.get("file")
        if request.method == "POST" and file is not None and file.filename:
            content = file.stream.read(LARGEST + 1)
            if len(content) > LARGEST:
                flash(gettext("The file is too large. Split it."), "error")
                return None
            return import_plans.read(content)
        return request.form.get("text") or None

    def _page(self, plan: import_plans.Plan | None = None, text: str = "") -> Any:
        kind = import_kinds.KINDS[self.model]
        return self.render(
            "admin/import.html",
            plan=plan,
            text=text,
            columns=["id", *kind.columns],
            states=import_plans.STATES,
            shown=formatters.plainly,
            label=lambda name: self.column_labels.get(name) or self.get_column_name(name),
        )

    def _say(self, plan: import_plans.Plan) -> None:
        counts = plan.counts
        flash(ngettext("%(num)d is new.", "%(num)d are new.", counts["new"]), "success")
        flash(ngettext("%(num)d is changed.", "%(num)d are changed.", counts["changed"]), "success")
        for line in plan.lines:
            if line.state == import_kinds.BAD:
                words = gettext("Line %(n)d was left out: %(why)s", n=line.number, why=line.problem)
                flash(words, "warning")
