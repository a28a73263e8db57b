"""Disks that are full, or nearly."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from salesbot import disk


@pytest.fixture
def nearly_full(monkeypatch: pytest.MonkeyPatch) -> None:
    """A megabyte is free, wherever one asks."""
    monkeypatch.setattr(disk, "free_bytes", lambda folder: 10**6)


@contextmanager
def no_file_larger_than(size: int) -> Iterator[None]:
    """What a full disk does, by the system's own hand."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
