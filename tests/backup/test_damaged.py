"""A backup is one sealed file: cut off, changed or foreign, it is refused before any of it is used."""

from __future__ import annotations

import pytest

from salesbot.backup import age, archive
from salesbot.errors import BackupError


def test_a_file_that_was_cut_off_anywhere_is_refused(backup_file, empty_shop, tmp_path):
    new = empty_shop()
    content = backup_file.read_bytes()
    piece = age.CHUNK + 16
    start = len(content) % piece
    for length in (0, 30, 150, 200, 260, piece, start + piece, len(content) - piece, len(content) - 1):
        cut = tmp_path / "cut.age"
        cut.write_bytes(content[:length])
        status, output = new.run("restore", cut)
        assert status == 1, length
        assert "cut off" in output or "not a backup" in output, (length, output)
    assert new.is_empty()


def test_one_changed_bit_anywhere_is_noticed(backup_file, empty_shop, tmp_path):
    new = empty_shop()
    content = backup_file.read_bytes()
    header = content.index(b"\n--- ") + 50
    for place in (*range(0, header + 20, 3), header + 2000, len(content) // 2, len(content) - 1):
        changed = bytearray(content)
        changed[place] ^= 1
        broken = tmp_path / "broken.age"
        broken.write_bytes(changed)
        with pytest.raises(BackupError):
            archive.examine(age.Opened(broken, "correct horse battery staple"))
    assert new.run("restore", broken)[0] == 1
    assert new.is_empty()


def test_pieces_in_another_order_are_noticed(backup_file, tmp_path):
    content = backup_file.read_bytes()
    begin = content.index(b"\n--- ") + 49 + 16
    piece = age.CHUNK + 16
    swapped = tmp_path / "swapped.age"
    swapped.write_bytes(
        content[:begin]
        + content[begin + piece : begin + 2 * piece]
        + content[begin : begin + piece]
        + content[begin + 2 * piece :]
    )
    with pytest.raises(BackupError, match="damaged"):
        archive.examine(age.Opened(swapped, "correct horse battery staple"))


@pytest.mark.parametrize("content", [b"", b"SQLite format 3\x00", b"age-encryption.org/v1\n-> X25519 abc\n"])
def test_any_other_file_is_said_not_to_be_a_backup(content, empty_shop, tmp_path, passphrase):
    other = tmp_path / "other"
    other.write_bytes(content)
    assert "is not a backup that salesbot has made" in empty_shop().run("restore", other)[1]
