"""How a shop's settings come together: defaults, its file, the environment, the caller."""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from salesbot import typed
from salesbot.errors import ConfigError
from salesbot.options import BY_NAME, OPTIONS, PREFIX, Option
from salesbot.vault import new_key

DEMO_SIGN_IN = "demo-sign-in.txt"
"""The file of the instance folder that tells how a demo shop's owner signs in."""


def from_environment(option: Option) -> Any | None:
    """The option's value in the environment, or None; ConfigError when it cannot be used."""
    names = [option.name] if option.customary else []
    for name in [*names, PREFIX + option.name]:
        if name in os.environ:
            return _read(option, os.environ[name], name)
    return None


def _read(option: Option, text: str, name: str) -> Any:
    try:
        return option.read(text)
    except ValueError as exc:
        shown = "" if option.secret else f" (it is {text!r})"
        raise ConfigError(f"{name} can't be used{shown}: {exc}") from exc


def read(instance: Path, overrides: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """All settings: defaults, then `config.py` of the instance folder, environment, `overrides`.

    The key `FIXED` names those that the environment or `overrides` decided: the back office shows
    them and cannot change them. `PLUGIN_SETTINGS` holds the environment's other `SALESBOT_` words.
    Names in `overrides` that are no setting (Flask's own, a plugin's)
    are passed through. `KEYRING_FILE` is the file that the keyring stands in, None when it is set.
    """
    values: dict[str, Any] = {option.name: option.default for option in OPTIONS}
    values.update(instance_file(instance / "config.py"))
    fixed: set[str] = set()
    for option in OPTIONS:
        found = from_environment(option)
        if found is not None:
            values[option.name] = found
            fixed.add(option.name)
    for name, value in (overrides or {}).items():
        option_or_none = BY_NAME.get(name)
        is_text = isinstance(value, str) and option_or_none is not None
        values[name] = _read(option_or_none, value, name) if is_text and option_or_none else value
        fixed.add(name)
    values["FIXED"] = frozenset(fixed)
    values["PLUGIN_SETTINGS"] = {
        name.removeprefix(PREFIX): value
        for name, value in os.environ.items()
        if name.startswith(PREFIX) and name.removeprefix(PREFIX) not in BY_NAME
    }
    _complete(values, instance)
    return values


def instance_file(path: Path) -> dict[str, Any]:
    """The settings that stand in a shop's `config.py`; none when there is no such file."""
    if not path.is_file():
        return {}
    names: dict[str, Any] = {}
    try:
        exec(compile(path.read_text(), str(path), "exec"), names)  # noqa: S102 - the shop's own settings file
    except Exception as exc:
        raise ConfigError(f"{path} can't be read: {type(exc).__name__}: {exc}") from exc
    found = {name: value for name, value in names.items() if name.isupper()}
    return {
        name: _read(BY_NAME[name], value, f"{name} in {path}")
        if isinstance(value, str) and name in BY_NAME
        else value
        for name, value in found.items()
    }


def _complete(values: dict[str, Any], instance: Path) -> None:
    if not values["DATABASE_URL"]:
        values["DATABASE_URL"] = f"sqlite:///{instance / 'salesbot.db'}"
    if not values["SESSION_SECRET"]:
        values["SESSION_SECRET"] = _made_once(instance / "session_secret", secrets.token_urlsafe(48))
    values["KEYRING_FILE"] = None if values["KEYRING"] else instance / "keyring"
    if not values["KEYRING"]:
        values["KEYRING"] = typed.words(_made_once(values["KEYRING_FILE"], new_key()))
    for name, other in (pair := ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN"), pair[::-1]):
        if values[name] and not values[other]:
            raise ConfigError(f"{name} is set and {other} is not: set both, or neither")


def _made_once(path: Path, fresh: str) -> str:
    """What stands in `path`, written there first when nothing does; the first process wins."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
        try:
            with os.fdopen(handle, "w") as file:
                file.write(fresh + "\n")
                file.flush()
                os.fsync(file.fileno())
            os.link(name, path)
        except FileExistsError:
            pass
        finally:
            Path(name).unlink()
    return path.read_text().strip()
