"""A new kind is one file and one line: here this file, and the line in the fixture."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar, Literal

import pytest

from acr_global.model import OutboundRequest, Outcome
from acr_global.notify import deliver, preview
from acr_global.notify.channels import KINDS
from acr_global.notify.notice import Notice
from acr_global.notify.outcomes import Answer, Judgement
from acr_global.notify.request import to_json
from acr_global.notify.target import HttpTarget
from acr_global.notify.words import headline
from acr_global.settings import Loaded, load_settings
from tests.notify.conftest import Listening
from tests.notify.samples import NOW, message


class PagerTarget(HttpTarget):
    """A channel as its file would hold it."""

    url_is_secret: ClassVar[bool] = True

    kind: Literal["pager"] = "pager"
    line: int

    def render(self, message: Notice, secrets: Mapping[str, str], now: datetime) -> OutboundRequest:
        """Render its request."""
        body = to_json({"line": self.line, "text": headline(message, self.template)})
        return self.request(secrets, body, {"content-type": "application/json"})

    def read_answer(self, answer: Answer, general: Judgement) -> Judgement:
        """Judge its answers."""
        if answer.text == "engaged":
            return Judgement(Outcome.RETRY, "pager-engaged", answer.status, 42.0)
        return general


@pytest.fixture(autouse=True)
def _known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(KINDS, "pager", f"{__name__}:PagerTarget")


def load(**target: object) -> Loaded:
    """The settings with one target whose URL is a reference to a secret."""
    item = {"name": "oncall", "kind": "pager", "url": {"$secret": "PAGER_URL"}} | target
    return load_settings(
        {
            "ACR_GLOBAL_REGIONS": "eastus",
            "ACR_GLOBAL_TARGETS": json.dumps([item]),
            "PAGER_URL": "https://pager.test/hush",
        }
    )


def test_a_new_kind_works_from_the_settings_to_the_answer(listen: Listening) -> None:
    """It is read, checked, previewed, sent and judged like any other kind."""
    (to,) = load(line=7).settings.targets
    secrets = {"PAGER_URL": "https://pager.test/hush"}
    shown = str(preview.preview(message(), to, secrets, NOW))
    assert shown.startswith("POST https://pager.test/***")

    async def scenario() -> None:
        async with (
            listen(b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nengaged") as receiver,
            deliver.new_session() as session,
        ):
            made = await deliver.attempt(
                message(), to, {"PAGER_URL": receiver.url}, session=session, clock=lambda: NOW
            )
            assert ("oncall", Outcome.RETRY, "pager-engaged", 42.0) == (
                made.target,
                made.outcome,
                made.reason,
                made.retry_after,
            )
            body = json.loads(receiver.requests[0].body)
            assert {"line": 7, "text": message().text} == body

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "line is missing"),
        ({"line": "hush"}, "line: Input should be a valid integer"),
        ({"line": 7, "lime": 7}, "unknown field 'lime'; did you mean 'line'?"),
        ({"kind": "pagr", "line": 7}, "unknown kind; did you mean 'pager'?"),
    ],
)
def test_a_new_kinds_mistakes_are_named(fields: dict[str, object], said: str) -> None:
    """The problems have the same words as those of every kind."""
    assert any(f"target 'oncall': {said}" in p.message for p in load(**fields).problems)
