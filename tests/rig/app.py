"""A receiver of webhooks, in a thread of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.posts import taking_posts


@dataclass
class App:
    """Keeps path, headers and body of each post, and answers 202."""

    url: str = ""
    told: list[tuple[str, Mapping[str, str], Any]] = field(default_factory=list)

    def take(self, path: str, headers: Mapping[str, str], body: bytes) -> int:
        self.told.append((path, headers, json.loads(body)))
        return 202


@contextmanager
def listening() -> Iterator[App]:
    """A receiver that listens while the block lasts."""
    app = App()
    with taking_posts(app.take, b"kept") as app.url:
        yield app
