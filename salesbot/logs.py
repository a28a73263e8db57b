"""Log lines: plain or JSON, each carrying the ids of the turn and the order that it belongs to."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from pythonjsonlogger.json import JsonFormatter

from salesbot.errors import ConfigError

_ids: ContextVar[dict[str, str] | None] = ContextVar("salesbot_log_ids", default=None)


@contextmanager
def about(**ids: object) -> Iterator[None]:
    """Lines written inside carry these ids, such as `message="SM…"` or `order="K7M2QXA"`."""
    token = _ids.set({**(_ids.get() or {}), **{name: str(value) for name, value in ids.items()}})
    try:
        yield
    finally:
        _ids.reset(token)


class AddIds(logging.Filter):
    """Puts the ids on every record."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Never drops a record."""
        ids = _ids.get() or {}
        record.ids = "".join(f" {name}={value}" for name, value in ids.items())
        for name, value in ids.items():
            setattr(record, f"{name}_id", value)
        return True


def set_up(level: str, form: str) -> None:
    """Sends all lines from `level` on to standard error, as "text" or "json"."""
    if level not in {"DEBUG", "INFO", "WARNING", "ERROR"}:
        raise ConfigError(f"SALESBOT_LOG_LEVEL is DEBUG, INFO, WARNING or ERROR, not {level!r}")
    if form not in {"text", "json"}:
        raise ConfigError(f"SALESBOT_LOG_FORMAT is text or json, not {form!r}")
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(AddIds())
    if form == "json":
        fields = "{asctime}{levelname}{name}{message}"
        formatter: logging.Formatter = JsonFormatter(
            fields, style="{", rename_fields={"asctime": "time", "levelname": "level"}
        )
        handler.addFilter(_without_joined_ids)
    else:
        formatter = logging.Formatter("%(asctime)s %(levelname)s %(name)s%(ids)s: %(message)s")
    handler.setFormatter(formatter)
    logger = logging.getLogger("salesbot")
    logger.handlers[:] = [handler]
    logger.setLevel(level)
    logger.propagate = False


def _without_joined_ids(record: logging.LogRecord) -> bool:
    """JSON lines carry each id in a field of its own."""
    record.__dict__.pop("ids", None)
    return True
