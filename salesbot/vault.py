"""Encrypts what must not be read in the database, and signs the links that customers hold."""

from __future__ import annotations

import hmac
import logging
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from itsdangerous import BadSignature, URLSafeSerializer

from salesbot.errors import BadLink, KeyringError

T = TypeVar("T")

log = logging.getLogger(__name__)

DROPPED = "#"
"""Begins the name of a key that is not in the ring any more."""


def new_key() -> str:
    """A fresh key for the keyring, as text."""
    return Fernet.generate_key().decode()


def words_of(text: str) -> list[str]:
    """The words of a keyring as it is written down: keys, newest first, and names of dropped ones."""
    return [word for word in re.split(r"[,\s]+", text.strip()) if word]


def name_of(key: str) -> str:
    """A short word by which people and programs tell keys apart; it opens nothing."""
    return _derive(urlsafe_b64decode(key), b"name").hex()[:12]


class Keyring:
    """Keys, newest first, with what is derived from each for its own purpose; it never changes.

    Each key is 32 bytes in URL-safe base64 (`salesbot.vault.new_key`). A word that begins with `#`
    is the name of a key that was dropped.
    """

    def __init__(self, words: Sequence[str]) -> None:
        self.keys = [word for word in words if not word.startswith(DROPPED)]
        self.dropped = [word.removeprefix(DROPPED) for word in words if word.startswith(DROPPED)]
        if not self.keys:
            raise KeyringError("the keyring is empty")
        try:
            secrets = [urlsafe_b64decode(key) for key in self.keys]
            self.ciphers = [Fernet(urlsafe_b64encode(_derive(secret, b"cipher"))) for secret in secrets]
        except ValueError as exc:
            raise KeyringError("SALESBOT_KEYRING holds a key that is not base64") from exc
        if any(len(secret) < 32 for secret in secrets):
            raise KeyringError("SALESBOT_KEYRING holds a key shorter than 32 bytes")
        self.cipher = MultiFernet(self.ciphers)
        self.digest_keys = [_derive(secret, b"digest") for secret in secrets]
        # itsdangerous signs with the last key of the list and accepts all.
        self.link_keys = [_derive(secret, b"links") for secret in reversed(secrets)]

    @property
    def words(self) -> list[str]:
        """The keyring as it is written down."""
        return [*self.keys, *(DROPPED + name for name in self.dropped)]

    def follows(self, older: Keyring) -> bool:
        """Whether a process that wrote with `older` may go on with this one."""
        return older.keys[0] in self.keys or name_of(older.keys[0]) in self.dropped


class Vault:
    """Works with a keyring: the first key writes, all of them can read what was written before.

    A keyring in a file is read again when the file has changed, so that a rotation reaches every
    process of the shop with the next thing that it encrypts or reads.
    """

    def __init__(self, keyring: Sequence[str], file: Path | None = None) -> None:
        self.file = file
        self._keyring = Keyring(keyring)
        self._seen: tuple[int, ...] | None = None

    @property
    def keyring(self) -> Keyring:
        """The keyring as it is now."""
        if self.file is not None and _stamp(self.file) != self._seen:
            self._read(self.file)
        return self._keyring

    def encrypt(self, text: str) -> str:
        """The text in a form that only the keyring opens."""
        return self.keyring.cipher.encrypt(text.encode()).decode()

    def decrypt(self, stored: str) -> str:
        """What `encrypt` was given; KeyringError when no key of the ring fits."""
        try:
            return self._with_keyring(
                lambda keyring: keyring.cipher.decrypt(stored.encode()).decode(), InvalidToken
            )
        except InvalidToken as exc:
            raise KeyringError("SALESBOT_KEYRING lacks the key that this was encrypted with") from exc

    def key_of(self, stored: str) -> int | None:
        """The place in the ring, from 0, of the key that reads this; None when there is none."""
        for place, cipher in enumerate(self.keyring.ciphers):
            try:
                cipher.decrypt(stored.encode())
            except InvalidToken:
                continue
            return place
        return None

    def digest(self, text: str) -> str:
        """A keyed hash by which equal secrets are found without reading them."""
        return hmac.new(self.keyring.digest_keys[0], text.encode(), sha256).hexdigest()

    def digests(self, text: str) -> list[str]:
        """The hash under every key of the ring, newest first, for looking up after a rotation."""
        return [hmac.new(key, text.encode(), sha256).hexdigest() for key in self.keyring.digest_keys]

    def sign(self, purpose: str, value: Any) -> str:
        """`value` (JSON) as a word for a link that nobody else can make."""
        return str(URLSafeSerializer(self.keyring.link_keys, salt=purpose).dumps(value))

    def unsign(self, purpose: str, word: str) -> Any:
        """What `sign` was given; BadLink when the word was not made here for this purpose."""
        try:
            return self._with_keyring(
                lambda keyring: URLSafeSerializer(keyring.link_keys, salt=purpose).loads(word), BadSignature
            )
        except BadSignature as exc:
            raise BadLink(f"not a {purpose} link of this shop") from exc

    def _with_keyring(self, work: Callable[[Keyring], T], failure: type[Exception]) -> T:
        """`work`, and once more where another machine has just rotated a file that both share.

        A network share may still show the file's old times; opening it shows what is in it.
        """
        keyring = self.keyring
        try:
            return work(keyring)
        except failure:
            if self.file is not None:
                self._read(self.file)
            if self._keyring is keyring:
                raise
        return work(self._keyring)

    def _read(self, file: Path) -> None:
        seen = _stamp(file)
        try:
            found = Keyring(words_of(file.read_text()))
        except (OSError, ValueError, KeyringError) as exc:
            problem = str(exc)
        else:
            problem = "" if found.follows(self._keyring) else "it is not the keyring of this shop"
            if not problem and found.words != self._keyring.words:
                self._keyring = found
        if problem and seen != self._seen:
            log.error("%s has changed and is not used: %s", file, problem)
        self._seen = seen


def _derive(secret: bytes, purpose: bytes) -> bytes:
    return hmac.new(secret, b"salesbot " + purpose, sha256).digest()


def _stamp(file: Path) -> tuple[int, ...] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino, found.st_size
