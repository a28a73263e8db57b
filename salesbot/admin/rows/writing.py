"""What changes rows from a list or a form: made, changed in place, deleted or switched off."""

from __future__ import annotations

from typing import Any

from flask import abort, flash, redirect, request
from flask_admin import expose
from flask_admin.actions import action
from flask_admin.contrib.sqla import ModelView
from flask_babel import gettext, lazy_gettext, ngettext
from sqlalchemy import inspect
from sqlalchemy.exc import IntegrityError, InvalidRequestError
from wtforms import ValidationError
from wtforms.fields.core import UnboundField

from salesbot.admin.rows.fields import read_amount
from salesbot.admin.shown import formatters, meanwhile
from salesbot.admin.shown.noted import because
from salesbot.errors import SalesbotError
from salesbot.extensions import db, transaction
from salesbot.money import to_decimal
from salesbot.services import shop


class _Meanwhile(Exception):
    """Somebody else changed what was typed over."""


def _read_anew(row: Any) -> None:
    """Reads a row as it is now, and lets nobody change it until this is over."""
    try:
        db.session.refresh(row, with_for_update=True)
    except InvalidRequestError:
        abort(404)


def _in_words(name: str, value: Any) -> Any:
    """A value in a sentence."""
    return gettext("something else") if isinstance(value, dict | list) else formatters.plainly(name, value)


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
                _read_anew(model)
                self._populate(form, model)
                self.on_model_change(form, model, is_created=False)
        except _Meanwhile:
            self._show_anew(form, model)
            return False
        except (IntegrityError, ValidationError, SalesbotError) as exc:
            flash(in_plain_words(exc), "error")
            return False
        self.after_model_change(form, model, is_created=False)
        return True

    def shown_values(self, model: Any) -> dict[str, str]:
        """A fingerprint of what the form of a row shows, by the name of its hidden box."""
        mapped = inspect(self.model).attrs
        form = self._edit_form_class
        names = [
            name for name in dir(form) if name in mapped and isinstance(getattr(form, name), UnboundField)
        ]
        return {f"{name}{meanwhile.SUFFIX}": meanwhile.fingerprint(getattr(model, name)) for name in names}

    def _populate(self, form: Any, model: Any) -> None:
        """Takes over what was typed, and only that."""
        merged = self._merged(form, model)
        if any(one.problem for one in merged.values()):
            raise _Meanwhile
        for field in form:
            one = merged.get(field.name)
            if one is None or one.mine:
                field.populate_obj(model, field.name)
            else:
                field.data = one.value

    def _merged(self, form: Any, model: Any) -> dict[str, meanwhile.Merged]:
        mapped = inspect(self.model).attrs
        return {
            field.name: meanwhile.merge(
                request.form,
                field.name,
                field.data,
                getattr(model, field.name),
                _in_words(field.name, getattr(model, field.name)),
            )
            for field in form
            if field.name in mapped
        }

    def _show_anew(self, form: Any, model: Any) -> None:
        """The form with what was typed, and beside it, as it is now, what was not."""
        for name, one in self._merged(form, model).items():
            field = form[name]
            if one.problem:
                field.errors = [*field.errors, one.problem]
            elif not one.mine:
                field.raw_data = None
                field.process_data(one.value)

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
