"""What Flask-Admin itself says on our pages, so that our catalogues hold it, in our own tone."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from flask_babel import lazy_ngettext as ngettext

STOCK_WORDS = (
    _("Record was successfully created."),
    _("Record was successfully saved."),
    _("Record does not exist."),
    _("Invalid Filter Value: %(value)s"),
    _("Permission denied."),
    _("Please select at least one record."),
    _("Please select model"),
    _("Already exists."),
    _("Not a valid choice"),
    _("equals"),
    _("not equal"),
    _("contains"),
    _("not contains"),
    _("greater than"),
    _("smaller than"),
    _("between"),
    _("not between"),
    _("empty"),
    _("in list"),
    _("not in list"),
    _("Yes"),
    _("No"),
    ngettext("Record was successfully deleted.", "%(count)s records were successfully deleted.", 1),
)
