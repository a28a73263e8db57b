"""The product form that a seller works with: price, picture, what is sold, and keys to paste."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import current_app, flash, g, request, url_for
from flask_admin import expose
from flask_admin.actions import action
from flask_admin.model.template import BaseListRowAction
from flask_babel import gettext, lazy_gettext, ngettext
from markupsafe import Markup
from sqlalchemy import func, select
from werkzeug.wrappers import Response
from wtforms import BooleanField, FileField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Length, Optional, Regexp

from salesbot.admin.rows.views import ShopModelView
from salesbot.admin.shown.formatters import local
from salesbot.admin.shown.noted import because
from salesbot.errors import SalesbotError
from salesbot.extensions import db, transaction
from salesbot.models import LicenceKey, Product
from salesbot.models.catalog import BUILT_IN_KINDS
from salesbot.services import delivery_texts, key_import, links, stock, uploads

OTHER = "other"
_KINDS = [
    SelectChoice("key", lazy_gettext("A licence key: each buyer gets one from the stock")),
    SelectChoice("file", lazy_gettext("A file to download")),
    SelectChoice("link", lazy_gettext("A link")),
    SelectChoice(OTHER, lazy_gettext("Something that a plugin delivers")),
]
_KEEP: dict[str, tuple[Callable[..., str], Callable[[], Path]]] = {
    "cover_upload": (uploads.keep_cover, uploads.covers_folder),
    "file_upload": (uploads.keep_file, uploads.files_folder),
}


class _AddKeys(BaseListRowAction):
    """The button of a product with keys that leads to the box where they are pasted."""

    def render(self, context: Any, row_id: str, row: Any) -> Any:
        """A link, or nothing where there are no keys."""
        if row.kind != "key" or not context["admin_view"].can_edit:
            return ""
        address = url_for("admin_product.edit_view", id=row_id, url=context["return_url"])
        words = gettext("Add keys to %(title)s", title=row.title)
        return Markup(
            '<a class="sb-icon" href="{0}#keys" title="{1}" aria-label="{1}">'
            '<i class="fa-solid fa-key" aria-hidden="true"></i></a>'
        ).format(address, words)


class ProductView(ShopModelView):
    """Products."""

    column_extra_row_actions = [_AddKeys()]
    create_template = edit_template = "admin/product_form.html"
    form_extra_fields = {
        "kind": SelectField(lazy_gettext("What is it?"), choices=_KINDS, default="file"),
        "other_kind": StringField(
            lazy_gettext("The plugin's word for it"),
            [
                Optional(),
                Length(max=32),
                Regexp(r"[a-z][a-z0-9_-]*$", message=lazy_gettext("Small letters only.")),
            ],
        ),
        "cover_upload": FileField(
            lazy_gettext("Picture"),
            description=lazy_gettext("JPEG, PNG or WebP. It is made small enough for WhatsApp."),
            render_kw={"accept": "image/jpeg,image/png,image/webp"},
        ),
        "cover_remove": BooleanField(lazy_gettext("Take the present one away")),
        "file_upload": FileField(
            lazy_gettext("The file"), description=lazy_gettext("Only buyers can download it.")
        ),
        "keys": TextAreaField(
            lazy_gettext("Add licence keys"),
            description=lazy_gettext(
                "One on each line, or a table with a column “key”. They are kept encrypted."
            ),
            render_kw={"rows": 6, "autocomplete": "off", "spellcheck": "false", "data-no-draft": True},
        ),
    }

    @action("sell", lazy_gettext("Put on sale"), lazy_gettext("Let customers buy what is ticked?"))
    def action_sell(self, ids: list[str]) -> None:
        """Puts the ticked products on sale, as far as there is something to hand over."""
        ready = [row for row in map(self.get_one, ids) if row is not None and not _lacks_goods(row)]
        with transaction():
            for product in ready:
                product.active = True
        flash(ngettext("%(num)d is for sale.", "%(num)d are for sale.", len(ready)), "success")
        if len(ready) < len(ids):
            flash(gettext("Of the others the file or the link is missing."), "warning")

    @action("withdraw", lazy_gettext("Take off sale"), lazy_gettext("Let nobody buy what is ticked?"))
    def action_withdraw(self, ids: list[str]) -> None:
        """Takes the ticked products off sale; whoever bought one keeps it."""
        found = [row for row in map(self.get_one, ids) if row is not None]
        with transaction():
            for product in found:
                product.active = False
        flash(ngettext("%(num)d is off sale.", "%(num)d are off sale.", len(found)), "success")

    @expose("/new/", methods=("GET", "POST"))
    def create_view(self) -> Any:
        """The empty form."""
        with _Uploads():
            return _told_to_script(super().create_view())

    @expose("/edit/", methods=("GET", "POST"))
    def edit_view(self) -> Any:
        """The form of one product."""
        with _Uploads():
            return _told_to_script(super().edit_view())

    def edit_form(self, obj: Any = None) -> Any:
        """The form; a plugin's kind stands in a field of its own."""
        form = super().edit_form(obj)
        if request.method == "GET" and obj is not None and obj.kind not in BUILT_IN_KINDS:
            form.kind.data, form.other_kind.data = OTHER, obj.kind
        return form

    def render(self, template: str, **kwargs: Any) -> Any:
        """The pages, with the stock of the product that is edited."""
        product = kwargs.get("model")
        if template == self.edit_template and isinstance(product, Product):
            kwargs["stock_counts"] = _stock_counts(product.id)
        return super().render(template, **kwargs)

    def cover_address(self, product: Product) -> str:
        """Where the browser finds the picture."""
        return local(links.cover_url(product.cover) or "")

    def validate_form(self, form: Any) -> bool:
        """Whether everything fits together; what is wrong is said at the field."""
        if not super().validate_form(form):
            return False
        if "cover_upload" not in form:  # the little forms for deleting and for actions
            return True
        wrong = dict(g.get("upload_problems", {}))
        product = self.get_one(request.args["id"]) if request.args.get("id") else None
        kept = g.get("kept_uploads", {})
        if form.kind.data == OTHER and not form.other_kind.data:
            wrong["other_kind"] = gettext("Type the word that the plugin uses.")
        if form.active.data and form.kind.data == "file":
            has_file = "file_upload" in kept or (product is not None and product.file)
            if not has_file and "file_upload" not in wrong:
                wrong["file_upload"] = gettext("Choose the file, or switch “For sale” off for now.")
        if form.active.data and form.kind.data == "link" and not form.link.data:
            wrong["link"] = gettext("Type the link, or switch “For sale” off for now.")
        if form.link.data and not re.match(r"https?://\S+$", form.link.data):
            wrong["link"] = gettext("A link begins with https:// and has no spaces.")
        for problem in delivery_texts.problems(form.delivery_text.data or ""):
            wrong["delivery_text"] = problem
        for name, words in wrong.items():
            form[name].errors = [*form[name].errors, words]
        return not wrong

    def on_model_change(self, form: Any, model: Any, is_created: bool) -> None:
        """Puts the uploads and the kind into the row, and pasted keys in stock."""
        kept: dict[str, str] = g.get("kept_uploads", {})
        if form.kind.data == OTHER:
            model.kind = form.other_kind.data
        if form.cover_remove.data:
            model.cover = ""
        model.cover = kept.get("cover_upload", model.cover or "")
        if "file_upload" in kept:
            model.file = kept["file_upload"]
            model.file_name = _file_name(request.files["file_upload"].filename or "")
        g.looked_over = None
        if (form.keys.data or "").strip():
            db.session.flush()
            g.looked_over = key_import.look_over(model.id, form.keys.data)
            stock.add_keys(model.id, g.looked_over.secrets)

    def after_model_change(self, form: Any, model: Any, is_created: bool) -> None:
        """The files belong to the row now; says what became of the keys."""
        g.kept_uploads = {}
        seen: key_import.LookedOver | None = g.get("looked_over")
        if seen is None:
            return
        if seen.new:
            flash(
                ngettext("%(num)d key is in stock now.", "%(num)d keys are in stock now.", len(seen.new)),
                "success",
            )
        for line in (*seen.repeated, *seen.known):
            words = gettext("Line %(n)d is there already: %(key)s", n=line.number, key=stock.hint(line.text))
            flash(words, "warning")
        for line in seen.broken:
            flash(gettext("Line %(n)d can't be used: %(why)s", n=line.number, why=line.why), "warning")


def _told_to_script(answer: Any) -> Any:
    """Where to go on, for the script that showed how far a file is; a browser would follow at once."""
    if "X-Upload" not in request.headers or not isinstance(answer, Response) or answer.status_code != 302:
        return answer
    return current_app.response_class(status=204, headers={"X-Go-On": answer.headers["Location"]})


def _lacks_goods(product: Product) -> bool:
    """Whether a buyer would get nothing."""
    return (product.kind == "file" and not product.file) or (product.kind == "link" and not product.link)


class _Uploads:
    """Keeps what the browser sent before the database is touched, and lets go of what nobody uses.

    Looking at a picture and copying a large file take seconds, in which nobody could write.
    A file that a product had before stays: buyers may still download it.
    """

    def __enter__(self) -> None:
        g.kept_uploads, g.upload_problems = {}, {}
        for field, (keep, _folder) in _KEEP.items():
            sent = request.files.get(field)
            if sent is None or not sent.filename:
                continue
            try:
                g.kept_uploads[field] = keep(sent.stream, _file_name(sent.filename))
            except SalesbotError as exc:
                g.upload_problems[field] = because(exc)

    def __exit__(self, *_exc: object) -> None:
        for field, name in g.pop("kept_uploads", {}).items():
            (_KEEP[field][1]() / name).unlink(missing_ok=True)


def _file_name(sent: str) -> str:
    """What a buyer will see: the last part of the name that the seller's computer gave."""
    last = re.split(r"[/\\]", sent)[-1]
    return "".join(letter for letter in last if letter.isprintable()).strip()[-255:] or "file"


def _stock_counts(product_id: int) -> dict[str, int]:
    rows = db.session.execute(
        select(LicenceKey.delivery_id.is_(None), func.count(LicenceKey.id))
        .where(LicenceKey.product_id == product_id)
        .group_by(LicenceKey.delivery_id.is_(None))
    )
    counted = {bool(unsold): count for unsold, count in rows}
    return {"unsold": counted.get(True, 0), "sold": counted.get(False, 0)}
