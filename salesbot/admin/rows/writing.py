"""What changes rows from a list or a form: made, changed in place, deleted or switched off."""

from __future__ import annotations

from typing import Any

from flask import abort, flash, redirect, request
from flask_admin import expose
from flask_admin.actions import action
from flask_admin.contrib.sqla import ModelView
from flask_babel import gettext, lazy_gettext, ngettext
from sqlalchemy import inspect
from sqlalchemy.exc import IntegrityError
from wtforms import ValidationError

from salesbot.admin.rows.fields import read_amount
from salesbot.admin.shown import formatters
from salesbot.admin.shown.noted import because
from salesbot.errors import SalesbotError
from salesbot.extensions import db, transaction
from salesbot.money import to_decimal
from salesbot.services import shop


class Writes(ModelView):
    """Keeps what staff typed, each time in one transaction, or says why not."""

    rules: Any

    def typed(self, row: Any, name: str) -> str:
        """An amount as it stands in a box, without its currency."""
        return f"{to_decimal(getattr(row, name), shop.setting('CURRENCY')):f}"

    @expose("/inline/", methods=("POST",))
    def inline_view(self) -> Any:
        """Changes one amount where it stands in the list."""
        name, row = request.args.get("column", ""), self.get_one(request.args.get("id", ""))
        if name not in self.rules.inline or row is None:
            abort(400)
        try:
            amount = read_amount(request.form.get("value", ""))
        except ValueError as exc:
            flash(f"{row}: {because(exc)}", "error")
        else:
            with transaction():
                setattr(row, name, amount)
            values = {"column": self.get_column_name(name), "row": row}
            shown = formatters.money_in_words(amount)
            words = gettext("%(column)s of %(row)s: %(value)s", value=shown, **values)
            flash(words, "success")
        return redirect(request.args.get("url") or self.get_url(".index_view"))

    def build_new_instance(self) -> Any:
        """An empty row."""
        return self.model()

    def create_model(self, form: Any) -> Any:
        """Makes a row of the form, or says at the form why not."""
        try:
            with transaction():
                row = self.build_new_instance()
                form.populate_obj(row)
                db.session.add(row)
                self.on_model_change(form, row, is_created=True)
        except (IntegrityError, ValidationError, SalesbotError) as exc:
            flash(in_plain_words(exc), "error")
            return False
        self.after_model_change(form, row, is_created=True)
        return row

    def update_model(self, form: Any, model: Any) -> bool:
        """Changes a row, or says at the form why not."""
        try:
            with transaction():
                form.populate_obj(model)
                self.on_model_change(form, model, is_created=False)
        except (IntegrityError, ValidationError, SalesbotError) as exc:
            flash(in_plain_words(exc), "error")
            return False
        self.after_model_change(form, model, is_created=False)
        return True

    def delete_model(self, model: Any) -> bool:
        """Deletes a row, or says why not; what others refer to is switched off where that is possible."""
        try:
            with transaction():
                self.on_model_delete(model)
                db.session.delete(model)
        except IntegrityError:
            return self._switch_off(model)
        except (ValidationError, SalesbotError) as exc:
            flash(because(exc), "error")
            return False
        self.after_model_delete(model)
        return True

    def _switch_off(self, model: Any) -> bool:
        """Hides a row that the books need from everybody who buys; False when rows have no such switch."""
        if "active" not in inspect(self.model).columns:
            flash(gettext("Something else still needs this, so it can't be deleted."), "error")
            return False
        with transaction():
            model.active = False
        words = gettext("%(what)s is still needed by something else, so it is switched off.", what=model)
        flash(words, "info")
        return False

    @action("delete", lazy_gettext("Delete"), lazy_gettext("Delete what is ticked, for good?"))
    def action_delete(self, ids: list[str]) -> None:
        """Deletes the ticked rows, as far as each can be deleted."""
        found = [row for row in map(self.get_one, ids) if row is not None]
        # Flask-Admin's own asks PostgreSQL for numbers with words, which it refuses.
        deleted = sum(self.delete_model(row) for row in found)
        if deleted:
            flash(ngettext("%(num)d is deleted.", "%(num)d are deleted.", deleted), "success")


def in_plain_words(exc: Exception) -> str:
    """Why something could not be kept, without a word of SQL."""
    if not isinstance(exc, IntegrityError):
        return because(exc)
    words = str(exc.orig).casefold()
    if "unique" in words:
        return gettext("There is one like this already.")
    if "not null" in words or "not-null" in words:
        return gettext("Something that is needed is missing.")
    return gettext("These values don't fit together.")
