"""Files in the format of age (https://age-encryption.org/v1), opened by a passphrase, as streams.

`age --decrypt` opens them too, so that nobody needs salesbot to get at a backup. The whole of a
file is protected: a piece that was changed, moved or cut off is noticed before it is used.
"""

from __future__ import annotations

import hmac
import os
import re
from base64 import b64decode, b64encode
from hashlib import sha256
from pathlib import Path
from typing import IO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from salesbot.errors import BackupError

WORK = 17
"""Each guess at a passphrase costs 2^WORK rounds of scrypt and 128 MB of memory."""
MOST_WORK = 20
CHUNK = 64 * 1024
_TAG = 16
_NONCE = 16
_LONGEST_HEADER = 4096
_HEADER = re.compile(
    rb"(age-encryption\.org/v1\n-> scrypt ([A-Za-z0-9+/]{22}) ([1-9][0-9]?)\n([A-Za-z0-9+/]{43})\n---)"
    rb" ([A-Za-z0-9+/]{43})\n"
)


class Sealed:
    """Writes to a file what only the passphrase opens; `close` ends it, without which it is no file."""

    def __init__(self, file: IO[bytes], passphrase: str) -> None:
        self._file = file
        file_key = os.urandom(16)
        salt = os.urandom(16)
        body = ChaCha20Poly1305(_wrapping_key(passphrase, salt, WORK)).encrypt(bytes(12), file_key, None)
        header = b"age-encryption.org/v1\n-> scrypt %s %d\n%s\n---" % (_base64(salt), WORK, _base64(body))
        nonce = os.urandom(_NONCE)
        file.write(b"%s %s\n%s" % (header, _base64(_header_mac(file_key, header)), nonce))
        self._cipher = ChaCha20Poly1305(_derived(file_key, nonce, b"payload"))
        self._count = 0
        self._waiting = bytearray()
        self._given_up = False

    def write(self, data: bytes) -> int:
        """Takes any number of bytes; they are on their way to the file in pieces of `CHUNK`."""
        if self._given_up:
            return len(data)
        self._waiting += data
        # The last piece is marked as such, so a full one waits until it is known not to be the last.
        while len(self._waiting) > CHUNK:
            self._put(bytes(self._waiting[:CHUNK]), last=False)
            del self._waiting[:CHUNK]
        return len(data)

    def close(self) -> None:
        """Writes the last piece."""
        self._put(bytes(self._waiting), last=True)
        self._waiting.clear()

    def give_up(self) -> None:
        """From now on nothing is written, which leaves a file that nobody can open."""
        self._given_up = True

    def _put(self, piece: bytes, *, last: bool) -> None:
        self._file.write(self._cipher.encrypt(_piece_nonce(self._count, last=last), piece, None))
        self._count += 1


class Opened:
    """A sealed file whose passphrase was right; `stream` reads it from its beginning."""

    def __init__(self, path: Path, passphrase: str) -> None:
        """BackupError when it is not such a file, or the passphrase does not fit."""
        self._path = path
        with path.open("rb") as file:
            start = file.read(_LONGEST_HEADER)
        header = _HEADER.match(start)
        if header is None:
            raise BackupError(f"{path} is not a backup that salesbot has made, or its beginning is damaged.")
        signed, salt, work, body, mac = header.groups()
        if int(work) > MOST_WORK:
            raise BackupError(f"{path} asks for more work than any backup of salesbot does.")
        key = _wrapping_key(passphrase, _bytes(salt), int(work))
        try:
            self._file_key = ChaCha20Poly1305(key).decrypt(bytes(12), _bytes(body), None)
        except InvalidTag as exc:
            raise BackupError(
                f"The passphrase does not open {path}. Type it exactly as it was when the backup was made."
            ) from exc
        if not hmac.compare_digest(_header_mac(self._file_key, signed), _bytes(mac)):
            raise BackupError(f"The beginning of {path} was changed after the backup was made.")
        self._begins_at = header.end()

    def stream(self) -> Stream:
        """What was written, to be read once."""
        return Stream(self._path, self._begins_at, self._file_key)


class Stream:
    """Reads a sealed file; BackupError as soon as a piece of it is not what was written."""

    def __init__(self, path: Path, begins_at: int, file_key: bytes) -> None:
        self._path = path
        self._file = path.open("rb")
        self._file.seek(begins_at)
        nonce = self._file.read(_NONCE)
        self._cipher = ChaCha20Poly1305(_derived(file_key, nonce, b"payload"))
        self._count = 0
        self._ended = False
        self._ready = memoryview(b"")

    def read(self, size: int) -> bytes:
        """Up to `size` bytes; none at the end, which is the true one."""
        if not self._ready and not self._ended:
            self._ready = memoryview(self._next())
        taken, self._ready = self._ready[:size], self._ready[size:]
        return bytes(taken)

    def close(self) -> None:
        self._file.close()

    def _next(self) -> bytes:
        piece = self._file.read(CHUNK + _TAG)
        self._ended = len(piece) < CHUNK + _TAG or not self._file.peek(1)
        try:
            found = self._cipher.decrypt(_piece_nonce(self._count, last=self._ended), piece, None)
        except InvalidTag as exc:
            raise BackupError(
                f"{self._path} is damaged: it was changed or cut off after the backup was made. "
                "Nothing of it is used. Take another copy."
            ) from exc
        self._count += 1
        return found


def _wrapping_key(passphrase: str, salt: bytes, work: int) -> bytes:
    kdf = Scrypt(salt=b"age-encryption.org/v1/scrypt" + salt, length=32, n=2**work, r=8, p=1)
    return kdf.derive(passphrase.encode())


def _header_mac(file_key: bytes, header: bytes) -> bytes:
    return hmac.new(_derived(file_key, b"", b"header"), header, sha256).digest()


def _derived(file_key: bytes, salt: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=salt, info=purpose).derive(file_key)


def _piece_nonce(count: int, *, last: bool) -> bytes:
    return count.to_bytes(11, "big") + bytes([last])


def _base64(data: bytes) -> bytes:
    return b64encode(data).rstrip(b"=")


def _bytes(text: bytes) -> bytes:
    """What `_base64` was given; bits that say nothing must be as it writes them."""
    found = b64decode(text + b"=" * (-len(text) % 4))
    return found if _base64(found) == text else b""
