"""A receiver of webhooks, in a thread of its own."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class App:
    """Keeps path, headers and body of each post, and answers 202."""

    def __init__(self) -> None:
        self.told: list[tuple[str, dict[str, str], Any]] = []
        app = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                app.told.append((self.path, dict(self.headers), body))
                self.send_response(202)
                self.end_headers()
                self.wfile.write(b"kept")

            def log_message(self, format: str, *args: Any) -> None:
                """Print nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@contextmanager
def listening() -> Iterator[App]:
    """A receiver that listens while the block lasts."""
    app = App()
    thread = threading.Thread(target=app.server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield app
    finally:
        app.server.shutdown()
        app.server.server_close()
        thread.join()
