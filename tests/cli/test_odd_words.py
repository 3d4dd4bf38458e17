"""Whatever is typed, a command ends with one of its exit codes, and says what is wrong."""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st
from typer.core import TyperGroup

from acr_global.cli import commands
from acr_global.cli.exits import Exit
from tests import strange
from tests.cli.conftest import App, Run
from tests.test_settings_odd import environ as settings_of
from tests.test_settings_odd import spoilt

ASKS_AZURE = ("webhooks", "catch-up")
"""Whose words are read by the same parsers, and who then look for somebody who is signed in."""
ENDLESS = ("watch", "wait")
"""They go on asking as long as they are told to."""
RIGHT = {
    "--timeout": "1",
    "--within": "0",
    "--wait": "0",
    "--since": "2h",
    "--limit": "3",
    "--state": "overdue",
    "--image": "team/app:v2",
    "--seed": "7",
}
ANSWERS: tuple[tuple[int, bytes], ...] = (
    *(
        (404, b""),
        (200, b"{}"),
        (200, b"[]"),
        (200, b'{"pushes": []}'),
        (200, b'{"deadletters": []}'),
    ),
    *((400, b'{"reason": "x", "message": "y"}'), (200, b"\xff"), (200, b"[" * 5_000), (401, b"")),
)
HUSH = "aHVzaA-not-on-a-command-line=="


def every(group: TyperGroup, way: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Each command with the words that lead to it."""
    for name, command in group.commands.items():
        if isinstance(command, TyperGroup):
            yield from every(command, (*way, name))
        elif name not in ASKS_AZURE and not {*way} & {*ASKS_AZURE}:
            yield (*way, name), command


COMMANDS = list(every(commands.build(rich=False)))
words = (strange.texts | st.just(HUSH)).map(lambda text: re.sub("[\x00\ud800-\udfff]", "", text))


@st.composite
def typed(draw: st.DrawFn) -> list[str]:
    """A command with some of its options, right ones and wrong ones, and with some words."""
    way, command = draw(st.sampled_from(COMMANDS))
    line = [*way]
    for param in command.params:
        name = param.opts[0]
        if param.param_type_name == "argument":
            line += [draw(words)] if draw(st.integers(0, 3)) else []
        elif draw(st.integers(0, 2)) == 0:
            right = st.just(RIGHT.get(name, "x"))
            line += [name] if param.is_flag else [name, draw(right | words)]
    if way[-1] in ENDLESS:
        line += ["--timeout" if way[-1] == "wait" else "--within", "0"]
    if draw(st.integers(0, 3)) == 0:
        line.insert(draw(st.integers(0, len(line))), draw(words))
    return line


def check(code: int, err: str) -> None:
    """How a command may end."""
    assert code in list(Exit)
    assert "Traceback" not in err
    assert code != Exit.USAGE or "error: " in err
    assert HUSH not in err


@pytest.mark.fuzz
@strange.few(4)
@given(typed(), st.sampled_from(ANSWERS))
def test_any_words_end_with_a_code_and_a_sentence(
    ask: Run, app: App, monkeypatch: pytest.MonkeyPatch, line: list[str], answer: tuple[int, bytes]
) -> None:
    """Against an app that says little that makes sense."""

    async def say(_: web.Request) -> web.StreamResponse:
        return web.Response(status=answer[0], body=answer[1])

    app.fallback = say
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"key")))
    ran = ask(*line)
    check(ran.code, ran.err)


@pytest.mark.fuzz
@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
@strange.few(8)
@given(spoilt(), st.sampled_from([("check",), ("show",), ("show", "--json")]))
def test_any_settings_are_shown(run: Run, given: tuple[str, str], words: tuple[str, ...]) -> None:
    """Without a secret; wrong ones are named."""
    name, value = given
    value = re.sub("[\x00\ud800-\udbff\ud800-\udc7f\udd00-\udfff]", "", value)
    ran = run("settings", *words, **settings_of(**{name: value}))
    check(ran.code, ran.err)
    assert "hush" not in ran.out + ran.err


def test_each_command_is_tried() -> None:
    """Those that ask Azure are left out."""
    assert {"pushes", "wait", "regions", "deadletters", "targets", "settings", "simulate"} <= {
        way[0] for way, _ in COMMANDS
    }
