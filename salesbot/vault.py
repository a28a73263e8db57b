"""Encrypts what must not be read in the database, and signs the links that customers hold."""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from itsdangerous import BadSignature, URLSafeSerializer

from salesbot.errors import BadLink, KeyringError


def new_key() -> str:
    """A fresh key for the keyring, as text."""
    return Fernet.generate_key().decode()


class Vault:
    """Works with a keyring: the first key writes, all of them can read what was written before.

    Each key is 32 bytes in URL-safe base64 (`salesbot.vault.new_key`); encryption, the keyed hash
    and signatures use keys derived from it for their own purpose.
    """

    def __init__(self, keyring: list[str]) -> None:
        if not keyring:
            raise KeyringError("the keyring is empty")
        try:
            secrets = [urlsafe_b64decode(key) for key in keyring]
            ciphers = [Fernet(urlsafe_b64encode(_derive(secret, b"cipher"))) for secret in secrets]
        except ValueError as exc:
            raise KeyringError("SALESBOT_KEYRING holds a key that is not base64") from exc
        if any(len(secret) < 32 for secret in secrets):
            raise KeyringError("SALESBOT_KEYRING holds a key shorter than 32 bytes")
        self._cipher = MultiFernet(ciphers)
        self._digest_keys = [_derive(secret, b"digest") for secret in secrets]
        # itsdangerous signs with the last key of the list and accepts all.
        self._link_keys = [_derive(secret, b"links") for secret in reversed(secrets)]

    def encrypt(self, text: str) -> str:
        """The text in a form that only the keyring opens."""
        return self._cipher.encrypt(text.encode()).decode()

    def decrypt(self, stored: str) -> str:
        """What `encrypt` was given; KeyringError when no key of the ring fits."""
        try:
            return self._cipher.decrypt(stored.encode()).decode()
        except InvalidToken as exc:
            raise KeyringError("SALESBOT_KEYRING lacks the key that this was encrypted with") from exc

    def digest(self, text: str) -> str:
        """A keyed hash by which equal secrets are found without reading them."""
        return hmac.new(self._digest_keys[0], text.encode(), sha256).hexdigest()

    def digests(self, text: str) -> list[str]:
        """The hash under every key of the ring, newest first, for looking up after a rotation."""
        return [hmac.new(key, text.encode(), sha256).hexdigest() for key in self._digest_keys]

    def sign(self, purpose: str, value: Any) -> str:
        """`value` (JSON) as a word for a link that nobody else can make."""
        return str(URLSafeSerializer(self._link_keys, salt=purpose).dumps(value))

    def unsign(self, purpose: str, word: str) -> Any:
        """What `sign` was given; BadLink when the word was not made here for this purpose."""
        try:
            return URLSafeSerializer(self._link_keys, salt=purpose).loads(word)
        except BadSignature as exc:
            raise BadLink(f"not a {purpose} link of this shop") from exc


def _derive(secret: bytes, purpose: bytes) -> bytes:
    return hmac.new(secret, b"salesbot " + purpose, sha256).digest()
