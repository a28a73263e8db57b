"""What staff do with a customer's data: give it out, forget it, note what was agreed to."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

from flask import Response, abort, flash, redirect, request, send_file
from flask_admin import expose
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from salesbot import clock, people
from salesbot.admin.access import audit
from salesbot.admin.access.roles import staff_name
from salesbot.admin.shown.noted import because
from salesbot.errors import NotSent, SalesbotError
from salesbot.extensions import db, transaction
from salesbot.models import Customer
from salesbot.services import attachments, consent

LONGEST_SAID = 300


class PersonalData:
    """The forms of a customer's page about their data; mixed into its view."""

    get_url: Any
    get_one: Any
    render: Any

    @expose("/<int:id>/data", methods=["POST"])
    def take_out(self, id: int) -> AnyResponse:
        """All that is stored about the customer: as JSON, or in a ZIP with the files of their chats."""
        kind = request.form.get("kind", "")
        if kind not in {"json", "zip"}:
            abort(400)
        customer = self.customer(str(id))
        try:
            with transaction():
                told = json.dumps(people.export(customer), ensure_ascii=False, indent=2)
                stored = people.files(customer) if kind == "zip" else []
                audit.note("exported", Customer, row=str(id), title=f"{customer} ({kind.upper()})")
        except SalesbotError as exc:
            flash(because(exc), "error")
            return self._to(id)
        name = f"customer-{id}-{clock.now():%Y-%m-%d}"
        if kind == "json":
            answer = Response(told, mimetype="application/json")
            answer.headers["Content-Disposition"] = f'attachment; filename="{name}.json"'
        else:
            # The files are read when the database is free again.
            answer = send_file(
                _zipped(told, stored), "application/zip", as_attachment=True, download_name=f"{name}.zip"
            )
        answer.headers["Cache-Control"] = "no-store"
        return answer

    @expose("/<int:id>/erase")
    def confirm_erase(self, id: int) -> Any:
        """What goes, what stays, and what is in the way."""
        return self._erase_page(self.customer(str(id)))

    @expose("/<int:id>/erase", methods=["POST"])
    def erase(self, id: int) -> Any:
        """Forgets the customer, when their number was typed; the audit says so, and not whom."""
        customer = self.customer(str(id))
        if request.form.get("number", "").strip().lstrip("#") != str(id):
            problem = gettext("Type the number %(number)s to go on.", number=id)
            return self._erase_page(customer, problem=problem)
        try:
            with transaction():
                with audit.silent():
                    people.erase(customer)
                audit.note("erased", Customer, row=str(id), title=str(customer))
        except SalesbotError as exc:
            return self._erase_page(self.customer(str(id)), problem=because(exc))
        flash(gettext("This customer is forgotten. The orders stay, without a name."), "success")
        return self._to(id)

    @expose("/<int:id>/agreed", methods=["POST"])
    def agreed(self, id: int) -> AnyResponse:
        """Notes what the customer told staff: nothing unasked any more, or unasked messages again."""
        self.customer(str(id))
        said = request.form.get("said", "").strip()[:LONGEST_SAID]
        stops = request.form.get("what") == "stop"
        if not said:
            flash(gettext("Write how you know it, such as: told me on the phone."), "error")
            return self._to(id)
        who = staff_name()
        with transaction():
            (consent.stop if stops else consent.start)(id, said=said, who=who)
        flash(gettext("It is noted, with your name."), "success")
        return self._to(id)

    def _erase_page(self, customer: Customer, *, problem: str = "") -> Any:
        return self.render(
            "admin/customer_erase.html",
            customer=customer,
            in_the_way=[(order, because(why)) for order, why in people.in_the_way(customer)],
            files=people.files(customer),
            problem=problem,
        )

    def _to(self, id: int) -> AnyResponse:
        return redirect(self.get_url(".details_view", id=id))

    def customer(self, id: str) -> Customer:
        """The customer of this page; 404 when there is none."""
        found: Customer | None = self.get_one(id)
        if found is None:
            abort(404)
        return found


def _zipped(told: str, stored: list[str]) -> io.BytesIO:
    """The data as `data.json`, beside it each file that is still there, numbered because names repeat."""
    db.session.rollback()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data.json", told)
        for number, one in enumerate(stored, 1):
            try:
                body, _kind = attachments.read(one)
            except NotSent:
                continue
            archive.writestr(f"files/{number}-{Path(attachments.name_of(one)).name}", body)
    packed.seek(0)
    return packed
