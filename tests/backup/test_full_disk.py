"""A disk that is full, or nearly, costs nothing but the copy that does not fit."""

from __future__ import annotations

import errno

import pytest

from salesbot.backup import room
from tests.support.full_disk import no_file_larger_than


class TestAFullDisk:
    def test_is_noticed_before_a_backup_is_begun(self, old, passphrase, tmp_path, nearly_full):
        status, output = old.run("backup", tmp_path / "x.age")
        assert status == 1
        assert "too little room for a backup" in output
        assert "1.0 MB are free" in output
        assert not list(tmp_path.glob("x.age*"))

    def test_is_noticed_before_a_restore_is_begun(self, backup_file, empty_shop, nearly_full):
        new = empty_shop()
        status, output = new.run("restore", backup_file)
        assert status == 1
        assert "too little room for this backup" in output
        assert new.is_empty()

    def test_in_the_middle_of_a_backup_leaves_nothing(self, old, passphrase, tmp_path):
        with no_file_larger_than(150_000):
            status, output = old.run("backup", tmp_path / "x.age")
        assert status == 1
        assert "The disk is full" in output
        assert not list(tmp_path.glob("x.age*"))
        assert old.run("backup", tmp_path / "x.age")[0] == 0

    @pytest.mark.parametrize(("to", "limit"), [("sqlite", 60_000), ("sqlite", 1_000), ("postgresql", 60_000)])
    def test_in_the_middle_of_a_restore_leaves_nothing(self, to, limit, old, backup_file, empty_shop):
        new = empty_shop(to)
        new.run("plugins")  # so that the database's own files are there
        with no_file_larger_than(limit):
            status, output = new.run("restore", backup_file)
        assert status == 1
        assert "full" in output or "disk I/O" in output
        assert new.is_empty()
        assert new.run("restore", backup_file)[0] == 0
        new.restarts()
        assert new.rows() == old.rows()

    def test_other_trouble_with_the_disk_is_named(self):
        trouble = OSError(errno.EIO, "Input/output error", "busy.age")
        assert "busy.age can't be read or written: Input/output error. Nothing" in str(
            room.in_words(trouble, "Nothing is restored.")
        )
