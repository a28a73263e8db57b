"""What everybody may do about their own account: language, time zone, password, sessions elsewhere."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, request, session
from flask_admin import BaseView, expose
from flask_babel import gettext, lazy_gettext
from flask_login import current_user, login_user
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response
from wtforms import PasswordField, SelectField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import EqualTo, InputRequired, Length

from salesbot.admin.access import signin
from salesbot.admin.access.guard import MUST_CHANGE, Guard
from salesbot.admin.shown import reader
from salesbot.extensions import db, reading, transaction
from salesbot.models import NewsChoice, StaffUser
from salesbot.services import devices, languages
from salesbot.services.staff import SHORTEST_PASSWORD


def offer_reading(form: Any, any_language: str, any_zone: str) -> None:
    """Fills the two drop-downs of a form with what can be read, and what an empty choice is called."""
    form.language.choices = [
        SelectChoice("", any_language),
        *(SelectChoice(code, languages.name(code).capitalize()) for code in reader.languages()),
    ]
    form.zone.choices = [
        SelectChoice("", any_zone),
        *(SelectChoice(name, name.replace("_", " ")) for name in reader.zones()),
    ]


class NewPassword(FlaskForm):
    """The present password, and the new one twice."""

    present = PasswordField(
        lazy_gettext("Present password"),
        [InputRequired(), Length(max=500)],
        render_kw={"autocomplete": "current-password"},
    )
    new = PasswordField(
        lazy_gettext("New password"),
        [
            InputRequired(),
            Length(
                min=SHORTEST_PASSWORD,
                max=500,
                message=lazy_gettext("At least %(n)d characters.", n=SHORTEST_PASSWORD),
            ),
        ],
        description=lazy_gettext("At least %(n)d characters.", n=SHORTEST_PASSWORD),
        render_kw={"autocomplete": "new-password"},
    )
    again = PasswordField(
        lazy_gettext("The new password once more"),
        [InputRequired(), EqualTo("new", lazy_gettext("The two differ."))],
        render_kw={"autocomplete": "new-password"},
    )


class Reading(FlaskForm):
    """The language and the clock of whoever reads the back office."""

    language = SelectField(lazy_gettext("Language"))
    zone = SelectField(
        lazy_gettext("Time zone"),
        description=lazy_gettext(
            "Times are shown by it, and what you type into forms and filters is read by it."
        ),
    )

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        browsers = gettext("As in your browser: %(what)s", what=languages.name(reader.of_browser()))
        offer_reading(self, browsers, gettext("As in your browser"))


class AccountView(Guard, BaseView):
    """`/admin/account/`; reached by one's own name in the frame."""

    needs = {"index": "look", "reading": "look", "password": "look", "elsewhere": "look"}

    def __init__(self) -> None:
        super().__init__(name=lazy_gettext("Your account"), endpoint="admin_account", url="account")

    def is_visible(self) -> bool:
        """The menu does not name it."""
        return False

    @expose("/")
    def index(self) -> Any:
        """The page."""
        return self._page(NewPassword())

    @expose("/reading", methods=["POST"])
    def reading(self) -> Any:
        """Keeps the language and the time zone, and speaks the language at once."""
        form = Reading()
        if not form.validate():
            return self._page(NewPassword(formdata=None), form), 400
        with transaction():
            user = db.session.get_one(StaffUser, current_user.id)
            user.language, user.zone = form.language.data, form.zone.data
            choice = db.session.get(NewsChoice, user.id)
            if choice is not None and user.zone:
                choice.zone = user.zone
        reader.meet()
        flash(gettext("It is kept."), "success")
        return redirect(self.get_url(".index"))

    @expose("/password", methods=["POST"])
    def password(self) -> Any:
        """Sets a new password, which ends every other session."""
        form = NewPassword()
        if signin.seconds_to_wait():
            form.present.errors = [gettext("That was too often. Wait a minute, then try again.")]
        elif form.validate():
            # Hashing takes its time on purpose, and no writer must wait for it.
            with reading():
                fits = current_user.has_password(form.present.data)
                number = current_user.id
                db.session.rollback()
            if fits and form.new.data == form.present.data:
                form.new.errors = [gettext("This is the present one.")]
            elif fits:
                with transaction():
                    user = db.session.get_one(StaffUser, number)
                    user.set_password(form.new.data)
                    devices.stay(user, request.form.get("device", ""))
                session.pop(MUST_CHANGE, None)
                return self._stay_here(user, gettext("Your password is changed."))
            else:
                signin.count_failure()
                form.present.errors = [gettext("This is not your present password.")]
        return self._page(form), 400

    @expose("/elsewhere", methods=["POST"])
    def elsewhere(self) -> Response:
        """Ends every session of theirs but this one."""
        with transaction():
            user = db.session.get_one(StaffUser, current_user.id)
            user.end_sessions()
            devices.stay(user, request.form.get("device", ""))
        return self._stay_here(user, gettext("You are signed out everywhere else."))

    def _page(self, form: NewPassword, choice: Reading | None = None) -> Any:
        return self.render(
            "admin/account.html",
            form=form,
            reading=choice or Reading(formdata=None, obj=current_user),
            must_change=session.get(MUST_CHANGE, False),
        )

    def _stay_here(self, user: StaffUser, said: str) -> Response:
        login_user(user)
        flash(said, "success")
        return redirect(self.get_url(".index"))
