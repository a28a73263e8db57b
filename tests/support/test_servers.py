"""Browsers come and go; an app is told when nobody reads its answer any more."""

from __future__ import annotations

import socket
import struct
import threading
from urllib.parse import urlsplit

import pytest

from tests.support.servers import serving


@pytest.mark.parametrize("rest", [0, 200], ids=["at the end", "in the middle"])
def test_an_answer_is_closed_once_when_the_browser_goes_away(rest):
    closed = []
    begun, left = threading.Event(), threading.Event()

    class Answer:
        def __iter__(self):
            yield b"x"
            begun.set()
            assert left.wait(30)
            for _ in range(rest):
                yield b"x" * 100_000

        def close(self):
            closed.append(self)

    def app(environ, start_response):
        start_response("200 OK", [("Content-Length", str(1 + rest * 100_000))])
        return Answer()

    with serving(app) as address:
        visitor = socket.create_connection(("127.0.0.1", urlsplit(address).port))
        visitor.sendall(b"GET / HTTP/1.1\r\nHost: here\r\n\r\n")
        assert begun.wait(30)
        # Lingers for 0 seconds over what is still on its way: the server sees a reset.
        visitor.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        visitor.close()
        left.set()
    assert len(closed) == 1
