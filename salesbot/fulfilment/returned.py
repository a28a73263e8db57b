"""Looks over what deliveries and refunds return, where what is wrong is still their plugin's fault."""

from __future__ import annotations

from dataclasses import replace
from os import PathLike, fspath

from salesbot.errors import PluginProblem
from salesbot.messages import Delivered, NeedsStaff, Refunded
from salesbot.replies import LONGEST_TEXT, checked_text
from salesbot.services import uploads

LONGEST_PATH = 255
LONGEST_REFERENCE = 255


def unit(value: object, hook: str) -> Delivered | NeedsStaff | None:
    """What a plugin made of a unit, with its file's path as a text."""
    if value is None:
        return None
    if isinstance(value, NeedsStaff):
        return needs_staff(value)
    if not isinstance(value, Delivered):
        raise PluginProblem(f"{hook} returns Delivered, NeedsStaff or None, not a {type(value).__name__}")
    checked_text("Delivered.text", value.text, LONGEST_TEXT)
    if value.secret is not None:
        checked_text("Delivered.secret", value.secret, LONGEST_TEXT)
        if not value.secret.strip():
            raise PluginProblem("Delivered.secret is empty; leave it out where there is none")
    if value.link is not None:
        checked_text("Delivered.link", value.link, LONGEST_TEXT)
    return value if value.file is None else replace(value, file=_file(value.file))


def _file(value: object) -> str:
    path = fspath(value) if isinstance(value, PathLike) else value
    checked_text("Delivered.file", path, LONGEST_PATH)
    if not (uploads.files_folder() / str(path)).is_file():
        raise PluginProblem(
            "Delivered.file is no file in the shop's folder of files, nor a whole path to one"
        )
    return str(path)


def refund(value: object) -> Refunded | NeedsStaff:
    """What came of a refund. Money that is back stays so, even when its reference has to be shortened."""
    if isinstance(value, NeedsStaff):
        return needs_staff(value)
    if not isinstance(value, Refunded):
        raise PluginProblem(f"refund returned a {type(value).__name__}, not Refunded or NeedsStaff")
    if not isinstance(value.reference, str) or not value.reference.strip():
        raise PluginProblem(f"refund returned {value!r}; it says a reference, or why")
    plain = value.reference.encode("utf-8", "replace").decode().replace("\x00", "")
    return Refunded(plain[:LONGEST_REFERENCE])


def needs_staff(value: NeedsStaff) -> NeedsStaff:
    """Words for staff that can be kept."""
    checked_text("NeedsStaff.why", value.why, LONGEST_TEXT)
    if not value.why.strip():
        raise PluginProblem("NeedsStaff.why is empty; it tells staff what to do")
    return value
