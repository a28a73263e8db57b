"""The form of age: other programs open what salesbot seals, and what they seal is understood."""

from __future__ import annotations

from base64 import b64decode
from types import SimpleNamespace

import pytest

from salesbot.backup import age

# Made by another program that knows the form (rage, with scrypt at 2^17).
BY_ANOTHER = (
    "YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IHNjcnlwdCBZeUVwWkFnNm1Wa01KelJPME1HVmpnIDE3Cnp2ZmQyU01Qc3NBNGtk"
    "c1haZm5tbkpnWE41SWV3OGNPSG11elYwbnRwV0kKLS0tIEdCR1pGT2w4ZUk3QVdSZE9sMHN0QVA2aUpUVk5UZlFRNkQ2V2lq"
    "THlZZWMKWiUF3rHa5NjWj873uEaur/Uy/AlrVjFxanHEaPlAtLhkYAwK4cpW"
)


@pytest.fixture
def theirs(tmp_path):
    path = tmp_path / "theirs.age"
    path.write_bytes(b64decode(BY_ANOTHER))
    return path


def test_what_another_program_sealed_is_read(theirs):
    stream = age.Opened(theirs, "pässword").stream()
    assert stream.read(100).decode() == "Grüße"
    assert stream.read(100) == b""
    stream.close()


def test_what_is_sealed_here_is_what_the_other_program_makes_of_the_same(theirs, tmp_path, monkeypatch):
    """Byte by byte, when the same three random numbers are drawn."""
    content, opened = theirs.read_bytes(), age.Opened(theirs, "pässword")
    salt = b64decode(content.split()[3] + b"==")
    begin = content.index(b"\n--- ") + 49
    drawn = iter([opened._file_key, salt, content[begin : begin + 16]])
    monkeypatch.setattr(age, "os", SimpleNamespace(urandom=lambda count: next(drawn)))
    monkeypatch.setattr(age, "WORK", 17)
    ours = tmp_path / "ours.age"
    with ours.open("wb") as file:
        sealed = age.Sealed(file, "pässword")
        sealed.write("Grüße".encode())
        sealed.close()
    assert ours.read_bytes() == content


@pytest.mark.parametrize("size", [0, 1, age.CHUNK - 1, age.CHUNK, age.CHUNK + 1, 3 * age.CHUNK])
def test_any_size_is_read_as_it_was_written(size, tmp_path):
    path = tmp_path / "x"
    content = bytes(n % 251 for n in range(size))
    with path.open("wb") as file:
        sealed = age.Sealed(file, "pässword")
        sealed.write(content[: size // 2])
        sealed.write(content[size // 2 :])
        sealed.close()
    stream = age.Opened(path, "pässword").stream()
    read = b""
    while piece := stream.read(1000):
        read += piece
    stream.close()
    assert read == content


def test_each_guess_at_the_passphrase_is_dear(monkeypatch):
    monkeypatch.undo()
    assert age.WORK >= 17, "what is recommended for scrypt"
