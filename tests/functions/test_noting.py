"""How a process notes what is open, from a thread of its own."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from acr_global.functions import noting
from acr_global.functions.journal import OPEN_SECONDS, Journal


@contextmanager
def endpoint(answers: list[int]) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """An engine that gives these answers in turn; yields its address, and the requests it got."""
    asked: list[tuple[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            asked.append((self.path, json.loads(body)))
            self.send_response(answers.pop(0))
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Write nothing to the terminal."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/durabletask/", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def journal() -> Journal:
    """The journal of a process in which one push has been open for long."""
    journal = Journal()
    journal.open._clock = lambda: 0.0
    journal.open.begun("p1")
    journal.open._clock = lambda: OPEN_SECONDS
    return journal


def test_a_note_that_fails_is_tried_again(journal: Journal) -> None:
    """It is written at the next try, and only once."""
    with endpoint([500, 202]) as (url, asked):
        journal.url = url
        for _ in range(3):
            noting.note_once(journal)
    assert 2 == len(asked)
    for path, body in asked:
        assert path.startswith("/durabletask/orchestrators/NoteOpen/_open.")
        assert ["p1"] == json.loads(body)["instances"]


def test_without_the_engines_address_a_note_waits(journal: Journal) -> None:
    """Nothing is lost meanwhile."""
    noting.note_once(journal)
    assert ("p1",) == journal.open.due()


def test_an_engine_that_is_gone_is_no_error(journal: Journal) -> None:
    """The thread goes on."""
    with endpoint([]) as (url, _):
        journal.url = url
    noting.note_once(journal)
    assert ("p1",) == journal.open.due()
