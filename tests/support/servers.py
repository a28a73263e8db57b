"""Opens an app to a browser: one small server for all the tests that look at pages."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from werkzeug.serving import WSGIRequestHandler, make_server

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_ANSWER = "salesbot.tests.answer"


class _Answer:
    """What an app answered; may be closed more than once."""

    def __init__(self, parts: Iterable[bytes]) -> None:
        self._parts = parts
        self._open = ExitStack()
        if hasattr(parts, "close"):
            self._open.callback(parts.close)

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._parts)

    def close(self) -> None:
        self._open.close()


class _Handler(WSGIRequestHandler):
    # A browser may open connections in advance and say nothing.
    timeout = 60

    def connection_dropped(self, error: BaseException, environ: WSGIEnvironment | None = None) -> None:
        """Werkzeug leaves an answer open, and the file in it, when the browser goes away in its middle."""
        if environ is not None and _ANSWER in environ:
            environ[_ANSWER].close()

    def log(self, type: str, message: str, *args: Any) -> None:
        """Says nothing of pages that were asked for; what went wrong is shown."""
        if type != "info":
            super().log(type, message, *args)


def _kept(app: WSGIApplication) -> WSGIApplication:
    def call(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        answer = environ[_ANSWER] = _Answer(app(environ, start_response))
        return answer

    return call


@contextmanager
def serving(app: WSGIApplication) -> Iterator[str]:
    """Serves `app` on a free port, whose address is yielded; ends when every request has ended."""
    server = make_server("127.0.0.1", 0, _kept(app), threaded=True, request_handler=_Handler)
    server.daemon_threads = False
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
