"""Who may sign in: accounts with a password that is only ever written."""

from __future__ import annotations

from typing import Any

from flask import flash
from flask_admin.actions import action
from flask_babel import gettext, lazy_gettext
from flask_login import current_user, login_user
from sqlalchemy import func, select
from wtforms import PasswordField, SelectField
from wtforms.validators import InputRequired, Length, Optional

from salesbot.admin.access.account import offer_reading
from salesbot.admin.rows.views import ShopModelView
from salesbot.admin.shown.noted import because
from salesbot.errors import SalesbotError, WrongState
from salesbot.extensions import db, transaction
from salesbot.models import StaffUser
from salesbot.services.staff import SHORTEST_PASSWORD, read_email


class StaffView(ShopModelView):
    """Staff accounts; at least one owner can always sign in."""

    form_extra_fields = {
        "language": SelectField(lazy_gettext("Language"), default=""),
        "zone": SelectField(lazy_gettext("Time zone"), default=""),
        "password": PasswordField(
            lazy_gettext("New password"),
            [Length(min=SHORTEST_PASSWORD, max=500)],
            description=lazy_gettext("At least %(n)d characters.", n=SHORTEST_PASSWORD),
            render_kw={"autocomplete": "new-password"},
        ),
    }

    @action(
        "sign_out",
        lazy_gettext("Sign out everywhere"),
        lazy_gettext("They have to sign in again on every device. Go on?"),
    )
    def action_sign_out(self, ids: list[str]) -> None:
        """Ends every session of the chosen people."""
        with transaction():
            for number in ids:
                person = self.get_one(number)
                if person is not None:
                    person.end_sessions()
        flash(gettext("They are signed out everywhere."), "success")

    def create_form(self, obj: Any = None) -> Any:
        """The form of a new account needs a password."""
        form = _offered(super().create_form(obj))
        form.password.validators = [InputRequired(), *form.password.validators]
        return form

    def edit_form(self, obj: Any = None) -> Any:
        """The form of an account; an empty password keeps the old one."""
        form = _offered(super().edit_form(obj))
        form.password.validators = [Optional(), *form.password.validators]
        form.password.description = gettext("Leave it empty to keep the old one.")
        return form

    def validate_form(self, form: Any) -> bool:
        """Whether everything fits; an address that is none is said at the field."""
        if not super().validate_form(form):
            return False
        if "email" in form:  # not the little forms for deleting and for actions
            try:
                form.email.data = read_email(form.email.data or "")
            except SalesbotError as exc:
                form.email.errors = [because(exc)]
                return False
        return True

    def on_model_change(self, form: Any, model: Any, is_created: bool) -> None:
        """Keeps the hash of a new password, and an owner who can sign in."""
        if form.password.data:
            model.set_password(form.password.data)
        db.session.flush()
        _keep_an_owner()

    def after_model_change(self, form: Any, model: Any, is_created: bool) -> None:
        """Whoever changes their own password stays signed in here, and nowhere else."""
        if not is_created and form.password.data and model.id == current_user.id:
            login_user(model)

    def on_model_delete(self, model: Any) -> None:
        """Nobody deletes themselves or the last owner."""
        if model.id == current_user.id:
            raise WrongState(gettext("You can't delete your own account."))
        _keep_an_owner(besides=model.id)


def _offered(form: Any) -> Any:
    browsers = gettext("As in their browser")
    offer_reading(form, browsers, browsers)
    return form


def _keep_an_owner(besides: int | None = None) -> None:
    owners = select(func.count(StaffUser.id)).where(
        StaffUser.role == "owner", StaffUser.active, StaffUser.id.is_distinct_from(besides)
    )
    if not db.session.scalar(owners):
        raise WrongState(gettext("Somebody must stay owner and able to sign in."))
