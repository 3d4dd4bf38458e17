"""What the host's endpoint answers to the first webhook of a push: there is no such instance; it is
started; it is there. In this process, so that whoever asks is measured alone."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from devhost.management import client_binding


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    started: dict[str, str]

    def handle(self) -> None:
        """Requests of one connection, until whoever asks has ended."""
        with suppress(ConnectionError):
            super().handle()

    def do_GET(self) -> None:
        """One instance."""
        found = self.started.get(self._id())
        status = {"instanceId": self._id(), "runtimeStatus": "Pending", "input": found}
        self._answer(200 if found else 404, status if found else None)

    def do_POST(self) -> None:
        """A start, or an event."""
        given = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
        if "/orchestrators/" in self.path:
            self.started[self._id()] = given
        self._answer(202, {"id": self._id()})

    def _id(self) -> str:
        parts = self.path.partition("?")[0].split("/")
        return parts[parts.index("instances") + 1] if "instances" in parts else parts[-1]

    def _answer(self, code: int, body: Any) -> None:
        text = json.dumps(body).encode()
        self.send_response(code)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""


@contextmanager
def listening() -> Iterator[str]:
    """The configuration of a durable client of that endpoint."""
    kind = type("Handler", (_Handler,), {"started": {}})
    with ThreadingHTTPServer(("127.0.0.1", 0), kind) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield client_binding(f"http://127.0.0.1:{server.server_port}", "Hub")
        finally:
            server.shutdown()
            thread.join()
