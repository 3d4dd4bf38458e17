"""`simulate`, typed: what is said of the file, the app and the port, what is shown, and how it
ends."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from acr_global.model import Action, Arrival, Artifact, Verdict, VerdictType
from acr_global.notify.message import message_of
from acr_global_rig.loopback import free_port
from tests.cli.conftest import KEY, App, Ran, Run
from tests.cli.test_terminal import ROOT, at_terminal, bare

REGIONS = ("westeurope", "eastus")
SCENARIO = """
seed: 7
regions: [westeurope, eastus]
app: {timeout: 10m, late_window: 0}
settle: 0
pushes:
  - {image: "shop/web:1", lag: 0}
"""


class Registered:
    """An app that takes webhooks, and tells of each push when all its regions have reported."""

    def __init__(self, app: App, verdict: VerdictType | None = VerdictType.COMPLETE) -> None:
        self.port = free_port()
        self.pushes: dict[str, tuple[str, str]] = {}
        """Digest and repository, by id."""
        self._reported: dict[str, list[str]] = {}
        self._verdict = verdict
        self._telling: list[asyncio.Task[None]] = []
        for region in REGIONS:
            app.answers[f"POST /api/ImagePush?region={region}"] = self._taking(region)

    def _taking(self, region: str) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def take(request: web.Request) -> web.StreamResponse:
            event = json.loads(await request.read())
            if event["action"] == "ping":
                return web.json_response({"status": "ignored", "reason": "ping"})
            self.pushes[event["id"]] = (event["target"]["digest"], event["target"]["repository"])
            reported = self._reported.setdefault(event["id"], [])
            reported.append(region)
            if len(reported) == len(REGIONS) and self._verdict:
                self._telling.append(asyncio.create_task(self._tell(event)))
            return web.json_response({"status": "accepted", "push": event["id"]}, status=202)

        return take

    async def _tell(self, event: dict[str, dict[str, str]]) -> None:
        assert self._verdict
        now = datetime.now(UTC)
        lacking = self._verdict is VerdictType.OVERDUE
        verdict = Verdict(
            type=self._verdict,
            push_id=str(event["id"]),
            action=Action.PUSH,
            artifact=Artifact(
                registry=event["request"]["host"],
                repository=event["target"]["repository"],
                tag=event["target"]["tag"],
                digest=event["target"]["digest"],
            ),
            regions=REGIONS,
            arrivals=tuple(
                Arrival(region=region, event_id="e", received_at=now)
                for region in REGIONS[: 1 if lacking else 2]
            ),
            missing=REGIONS[1:] if lacking else (),
            begun_at=now,
            deadline=now + timedelta(minutes=10),
            decided_at=now,
        )
        body = message_of(verdict).model_dump_json()
        # Where the simulation has ended by then, nobody is there to be told.
        async with aiohttp.ClientSession() as session:
            with contextlib.suppress(aiohttp.ClientError):
                await session.post(
                    f"http://127.0.0.1:{self.port}/simulate", data=body, headers={"webhook-id": "m"}
                )


@pytest.fixture
def asking(ask: Run, tmp_path: Path) -> Callable[..., Ran]:
    """Plays a scenario to an app that is to be asked."""

    def typed(*argv: str) -> Ran:
        (tmp_path / "s.yaml").write_text(SCENARIO)
        return ask("simulate", "s.yaml", *argv)

    return typed


@pytest.fixture
def simulate(ask: Run, app: App, tmp_path: Path) -> Callable[..., Ran]:
    """Plays a scenario to an app that tells, with more of what is typed."""

    def typed(*argv: str, text: str = SCENARIO, there: Registered | None = None) -> Ran:
        (tmp_path / "s.yaml").write_text(text)
        port = (there or Registered(app)).port
        return ask("simulate", "s.yaml", "--listen", str(port), *argv)

    return typed


def test_right_verdicts_end_with_0(simulate: Callable[..., Ran], app: App) -> None:
    """Each webhook and message is a line in a pipe, then comes the table."""
    ran = simulate()
    assert (0, "") == (ran.code, ran.err)
    first, *lines = [re.sub(r"^ *[0-9.]+ s  ", "", line) for line in ran.out.splitlines()]
    head = "simulated.azurecr.io, with replicas in westeurope, eastus. "
    assert head + "Pushes: 1, webhooks: 2, seed: 7." == first
    assert "webhook  shop/web:1            eastus: 202 accepted" in lines
    assert "told     shop/web:1            simulate (200): shop/web:1 is in all 2 regions" in lines
    assert "PUSH        VERDICT   MISSING  westeurope  eastus" in lines
    assert "shop/web:1  complete  -        0.0 s       0.0 s" in lines
    assert lines[-1].startswith("Everything was told as it must be; pushes: 1, seconds: ")
    assert {KEY} == set(app.keys)
    assert KEY not in ran.out


def test_a_wrong_verdict_ends_with_1(simulate: Callable[..., Ran], app: App) -> None:
    """The push is named, and how to have the same run again."""
    ran = simulate(there=Registered(app, VerdictType.OVERDUE))
    assert (1, "") == (ran.code, ran.err)
    assert "WRONG    shop/web:1: told overdue instead of complete" in ran.out
    assert ran.out.splitlines()[-1].endswith("The same run again: --seed 7")


def test_no_verdict_in_time_ends_with_3(simulate: Callable[..., Ran], app: App) -> None:
    """It is not known, and so not wrong."""
    ran = simulate("--wait", "0", there=Registered(app, None))
    assert (3, "") == (ran.code, ran.err)
    assert "UNKNOWN  shop/web:1: no verdict came" in ran.out
    assert re.search(r"nothing came to port \d+: .* http://127.0.0.1:\d+/simulate\?", ran.out)


def test_the_result_can_be_had_as_json(simulate: Callable[..., Ran]) -> None:
    """Nothing else is then on stdout."""
    ran = simulate("--json", "--seed", "8")
    read = json.loads(ran.out)
    assert (0, 8, [], []) == (ran.code, read["seed"], read["wrong"], read["unknown"])
    (push,) = read["pushes"]
    assert ("shop/web:1", [["complete"]], {"simulate": ["complete"]}) == (
        push["push"],
        push["expected"],
        push["told"],
    )


def listing(app: App, there: Registered, *verdicts: Mapping[str, object]) -> None:
    """The app lists what comes in, with these verdicts."""

    async def details(request: web.Request) -> web.StreamResponse:
        push_id = request.path.rpartition("/")[2]
        digest, name = there.pushes[push_id]
        report = {"state": "arrived", "lag_seconds": 1.5}
        return web.json_response(
            {
                "id": push_id,
                "state": "complete",
                "action": "push",
                "registry": "simulated.azurecr.io",
                "repository": name,
                "tag": "1",
                "digest": digest,
                "first_at": "2026-06-01T12:00:00Z",
                "missing": [],
                "regions": [{"region": region, **report} for region in REGIONS],
                "verdicts": [{"at": "2026-06-01T12:00:00Z", "attempts": [], **v} for v in verdicts],
                "deliveries": [],
            }
        )

    app.answer("GET /api/pushes", 200, {"pushes": []})
    app.fallback = details


COMPLETE = {"type": "complete", "missing": []}


def test_without_a_port_the_app_is_asked(asking: Callable[..., Ran], app: App) -> None:
    """Its own word on each push, under the id that it gave; with the lags that it saw."""
    there = Registered(app, None)
    listing(app, there, COMPLETE)
    ran = asking()
    assert (0, "") == (ran.code, ran.err), ran.out
    assert "told     shop/web:1            app (200): complete" in ran.out
    assert "shop/web:1  complete  -        1.5 s       1.5 s" in ran.out
    assert {KEY} == set(app.keys)


@pytest.mark.parametrize(
    ("said", "verdicts"),
    [
        ("told overdue instead of complete", [{"type": "overdue", "missing": ["eastus"]}]),
        ("told complete, then overdue instead of complete",
         [COMPLETE, {"type": "overdue", "missing": ["eastus"]}]),
    ],
)  # fmt: skip
def test_what_the_app_lists_wrongly_is_found(
    asking: Callable[..., Ran], app: App, said: str, verdicts: list[dict[str, object]]
) -> None:
    """It counts like a wrong message to a receiver."""
    listing(app, Registered(app, None), *verdicts)
    ran = asking()
    assert 1 == ran.code
    assert f"WRONG    shop/web:1: {said}" in ran.out


def test_an_app_that_lists_no_pushes_is_said(asking: Callable[..., Ran], app: App) -> None:
    """One of an earlier release: then a port is needed."""
    there = Registered(app)
    ran = asking()
    assert (2, "error: this app does not list its pushes: give --listen PORT\n") == (
        ran.code,
        ran.err,
    )
    assert {} == there.pushes


@pytest.mark.parametrize(("code", "status"), [(3, 404), (3, 503), (1, 403)])
def test_a_push_that_cannot_be_asked_for_is_not_known(
    asking: Callable[..., Ran], app: App, code: int, status: int
) -> None:
    """Unless the app refuses to say."""
    Registered(app, None)
    app.answer("GET /api/pushes", 200, {"pushes": []})

    async def refuse(_request: web.Request) -> web.StreamResponse:
        return web.json_response({"message": "No."}, status=status)

    app.fallback = refuse
    ran = asking("--wait", "1s")
    assert code == ran.code
    assert ("UNKNOWN" in ran.out) is (code == 3)
    assert ("error: No. (status 403)\n" if code == 1 else "") == ran.err


def test_without_a_seed_one_is_said(simulate: Callable[..., Ran]) -> None:
    """With which the same run can be had again."""
    said = [simulate(text=SCENARIO.replace("seed: 7", "")).out.partition("seed: ")[2]]
    said.append(simulate(text=SCENARIO.replace("seed: 7", "")).out.partition("seed: ")[2])
    assert 2 == len({text.partition(".")[0] for text in said})


def test_every_mistake_in_the_file_is_a_line(simulate: Callable[..., Ran], app: App) -> None:
    """It has file, line and field; the app is not asked."""
    ran = simulate(text=SCENARIO.replace("seed", "sed") + "    lags: 1\n")
    assert (2, "") == (ran.code, ran.out)
    assert ["s.yaml: error: line 8: is not YAML: "] == [line[:36] for line in ran.err.splitlines()]
    ran = simulate(text=SCENARIO.replace("seed: 7", "sed: 7").replace("lag: 0", "lags: 0"))
    assert [
        "s.yaml: error: line 7: pushes[0].lags: unknown field 'lags'; did you mean 'lag'?",
        "s.yaml: error: line 2: sed: unknown field 'sed'; did you mean 'seed'?",
    ] == ran.err.splitlines()
    assert [] == app.asked


@pytest.mark.parametrize(
    ("said", "argv"),
    [
        ("SCENARIO is missing", ["--listen", "9"]),
        ("the scenario cannot be read: No such file", ["none.yaml", "--listen", "9"]),
        ("the scenario cannot be read: Is a directory", [".", "--listen", "9"]),
        ("the scenario is no UTF-8 text", ["latin.yaml", "--listen", "9"]),
        ("--listen must be a port, such as 9099", ["s.yaml", "--listen", "70000"]),
        ("--listen must be a port, such as 9099", ["s.yaml", "--listen", "all"]),
        ("--seed must be a whole number, such as 7", ["s.yaml", "--seed", "-1"]),
        ("--wait must be a duration, such as 30s or 5m", ["s.yaml", "--wait", "long"]),
        ("the scenario cannot be judged: a:1: the webhook of eastus would come when",
         ["second.yaml", "--listen", "9"]),
    ],
)  # fmt: skip
def test_a_usage_error_is_one_line(ask: Run, tmp_path: Path, said: str, argv: list[str]) -> None:
    """It is found before anything is asked or pushed."""
    (tmp_path / "s.yaml").write_text(SCENARIO)
    (tmp_path / "latin.yaml").write_bytes(b"\xe9")
    app = "{late_window: 0, correlation: content}"
    text = f"regions: [eastus, westus]\napp: {app}\npushes: [{{image: 'a:1', late: eastus}}]"
    (tmp_path / "second.yaml").write_text(text)
    ran = ask("simulate", *argv)
    assert (2, "", 1) == (ran.code, ran.out, len(ran.err.splitlines()))
    assert ran.err.startswith(f"error: {said}")


def test_a_port_that_is_taken_is_said(ask: Run, app: App, tmp_path: Path) -> None:
    """Before anything is pushed."""
    (tmp_path / "s.yaml").write_text(SCENARIO)
    there = Registered(app)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ran = ask("simulate", "s.yaml", "--listen", str(port))
    assert (2, f"error: cannot listen on port {port}: Address already in use\n") == (
        ran.code,
        ran.err,
    )
    assert {} == there.pushes


@pytest.mark.parametrize(
    ("code", "said", "status", "body"),
    [
        (1, "the ping from eastus: Not expected. (status 400)", 400, {"message": "Not expected."}),
        (1, "the ping from eastus: the key is wrong or missing: ", 401, None),
        (1, "the ping from eastus: there is no such address: ", 404, None),
        (4, "the ping from eastus: the app is not available: ", 503, None),
    ],
)
def test_a_ping_that_is_refused_ends_it(
    simulate: Callable[..., Ran], app: App, code: int, said: str, status: int, body: object
) -> None:
    """Nothing is pushed to an app that does not know a region, or this key."""
    there = Registered(app)
    app.answer("POST /api/ImagePush?region=eastus", status, body)
    ran = simulate(there=there)
    assert (code, "", 1) == (ran.code, ran.out, len(ran.err.splitlines()))
    assert ran.err.startswith(f"error: {said}")
    assert {} == there.pushes


def test_an_app_that_is_not_reached_ends_with_4(run: Run, tmp_path: Path) -> None:
    """Every command that asks an app ends so."""
    (tmp_path / "s.yaml").write_text(SCENARIO)
    port = str(free_port())
    ran = run("simulate", "s.yaml", "--listen", port, "--url", f"http://127.0.0.1:{free_port()}")
    assert (4, "") == (ran.code, ran.out)
    assert "connection refused" in ran.err


@pytest.mark.parametrize("environ", [{}, {"NO_COLOR": "1"}])
def test_at_a_terminal_a_table_changes(app: App, tmp_path: Path, environ: dict[str, str]) -> None:
    """It has colours where they are wanted; its last picture stays, folded to the terminal."""
    (tmp_path / "s.yaml").write_text(SCENARIO)
    there = Registered(app)
    argv = ("simulate", str(tmp_path / "s.yaml"), "--listen", str(there.port), "--url", app.url)
    shown = at_terminal(*argv, environ=environ)
    assert "1 of 1 known" in bare(shown)
    assert ("\x1b[32m" in shown) is not bool(environ)
    assert "Everything was told as it must be; " in bare(shown).splitlines()[-1]
    assert "webhook" not in bare(shown).replace("webhooks", "")


def test_at_a_terminal_time_is_seen_to_pass(app: App, tmp_path: Path) -> None:
    """The picture changes also where nothing happens."""
    (tmp_path / "s.yaml").write_text(SCENARIO.replace("settle: 0", "settle: 1.5"))
    there = Registered(app)
    argv = ("simulate", str(tmp_path / "s.yaml"), "--listen", str(there.port), "--url", app.url)
    shown = bare(at_terminal(*argv))
    assert 2 <= len(set(re.findall(r"1 of 1 known, (\d+) s", shown)))


def test_ctrl_c_ends_the_simulation(app: App, tmp_path: Path) -> None:
    """It ends at once, with nothing but its exit code."""
    (tmp_path / "s.yaml").write_text(SCENARIO)
    there = Registered(app, None)
    argv = ["simulate", "s.yaml", "--listen", str(there.port), "--url", app.url]
    with subprocess.Popen(
        [sys.executable, "-m", "acr_global", *argv],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        assert process.stderr
        assert "webhooks: 2" in process.stdout.readline()
        process.send_signal(signal.SIGINT)
        assert "" == process.stderr.read()
    assert 130 == process.returncode


def test_a_reader_who_has_gone_ends_it(app: App, tmp_path: Path) -> None:
    """Quietly, also where a receiver is what prints."""
    (tmp_path / "s.yaml").write_text(SCENARIO.replace("settle: 0", "settle: 2"))
    there = Registered(app)
    argv = f"simulate s.yaml --listen {there.port} --url {app.url}"
    done = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m acr_global {argv} | head -1; echo ${{PIPESTATUS[0]}}"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert ("141", "") == (done.stdout.splitlines()[-1], done.stderr)
