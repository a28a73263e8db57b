"""A push service and the browsers that it serves, as RFC 8030, 8291 and 8292 have them."""

from __future__ import annotations

import json
import secrets
import threading
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

CURVE = ec.SECP256R1()


def as_text(value: bytes) -> str:
    return urlsafe_b64encode(value).rstrip(b"=").decode()


def as_bytes(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _point(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _derived(secret: bytes, salt: bytes, about: bytes, length: int) -> bytes:
    return HKDF(hashes.SHA256(), length, salt, about).derive(secret)


class Browser:
    """Holds the keys that nobody else has, and reads with them what the shop sent."""

    def __init__(self, name: str, host: str = "fcm.googleapis.com") -> None:
        self.endpoint = f"https://{host}/fcm/send/{name}"
        self.path = f"/fcm/send/{name}"
        self._key = ec.generate_private_key(CURVE)
        self._auth = secrets.token_bytes(16)

    @property
    def form(self) -> dict[str, str]:
        """What its page sends to the shop."""
        public = as_text(_point(self._key.public_key()))
        return {"endpoint": self.endpoint, "p256dh": public, "auth": as_text(self._auth)}

    def reads(self, body: bytes) -> dict[str, Any]:
        """The words in an encrypted body (RFC 8188 and 8291), by our own arithmetic."""
        salt, length = body[:16], body[20]
        sender = body[21 : 21 + length]
        shared = self._key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(CURVE, sender))
        about = b"WebPush: info\0" + _point(self._key.public_key()) + sender
        secret = _derived(shared, self._auth, about, 32)
        key = _derived(secret, salt, b"Content-Encoding: aes128gcm\0", 16)
        nonce = _derived(secret, salt, b"Content-Encoding: nonce\0", 12)
        plain = AESGCM(key).decrypt(nonce, body[21 + length :], None)
        assert plain.rstrip(b"\0").endswith(b"\2"), "the last record is marked as such"
        return json.loads(plain.rstrip(b"\0")[:-1])


@dataclass
class Taken:
    """What the shop has sent to one address."""

    path: str
    headers: dict[str, str]
    body: bytes

    def signed(self, public_key: str) -> dict[str, Any]:
        """What the shop says of itself; fails unless it was signed with the key of `public_key`."""
        scheme, _, rest = self.headers["authorization"].partition(" ")
        parts = dict(part.split("=", 1) for part in rest.split(","))
        assert (scheme, parts["k"]) == ("vapid", public_key)
        key = ec.EllipticCurvePublicKey.from_encoded_point(CURVE, as_bytes(public_key))
        host = f"https://{self.headers['x-original-host']}"
        return jwt.decode(parts["t"], key, algorithms=["ES256"], audience=host)


@dataclass
class PushService:
    """`taken` is what came; `answers` are (status, headers) of the next calls, 201 when there is none."""

    address: str
    taken: list[Taken] = field(default_factory=list)
    answers: list[tuple[int, dict[str, str]]] = field(default_factory=list)

    def told(self, browser: Browser) -> list[dict[str, Any]]:
        """What one browser was told."""
        return [browser.reads(one.body) for one in self.taken if one.path == browser.path]


@contextmanager
def push_service() -> Iterator[PushService]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status, headers = service.answers.pop(0) if service.answers else (201, {})
            if status < 300:
                named = {name.lower(): value for name, value in self.headers.items()}
                service.taken.append(Taken(self.path, named, body))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        service = PushService(f"http://127.0.0.1:{server.server_address[1]}")
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield service
        server.shutdown()
        thread.join()
