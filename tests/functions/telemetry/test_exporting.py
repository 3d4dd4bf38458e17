"""Exporters are set up by the standard variables alone, and cost nothing without them."""

from __future__ import annotations

import asyncio
import importlib.util
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from unicodedata import category

import pytest
import requests
from opentelemetry.util.re import parse_env_headers

from acr_global.errors import Problem
from acr_global.functions.app import build_app
from acr_global.functions.telemetry import exporting
from acr_global.proxies import ProxyError
from acr_global_rig.loopback import unused_url
from acr_global_rig.world import world
from tests.collector import collecting
from tests.meter import measured
from tests.tracer import made

URL = "http://127.0.0.1:4318"
GENERAL = "OTEL_EXPORTER_OTLP_ENDPOINT"
HEADERS = "OTEL_EXPORTER_OTLP_HEADERS"
PROTOCOL = "OTEL_EXPORTER_OTLP_PROTOCOL"
OF_TRACES = "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The signals that an exporter is made for, instead of making it."""
    signals: list[str] = []

    def take(signal: str) -> bool:
        signals.append(signal)
        return True

    monkeypatch.setattr(exporting, "_metrics", lambda environ: take("metrics"))
    monkeypatch.setattr(exporting, "_traces", lambda environ: take("traces"))
    return signals


@pytest.mark.parametrize(
    ("environ", "signals"),
    [
        ({}, []),
        ({GENERAL: URL}, ["metrics", "traces"]),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": URL}, ["traces"]),
        ({"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": URL}, ["metrics"]),
        ({GENERAL: URL, "OTEL_TRACES_EXPORTER": "none"}, ["metrics"]),
        ({GENERAL: URL, "OTEL_METRICS_EXPORTER": "console, otlp"}, ["metrics", "traces"]),
        ({GENERAL: URL, "OTEL_SDK_DISABLED": "TRUE"}, []),
        ({"OTEL_TRACES_EXPORTER": "otlp"}, []),
        ({GENERAL: ""}, []),
    ],
)
def test_what_the_variables_ask_for_is_set_up(
    environ: Mapping[str, str], signals: list[str], asked: list[str]
) -> None:
    """A signal needs an endpoint; the default of the specification would be a guess here."""
    assert () == exporting.set_up(environ)
    assert signals == asked


@pytest.mark.parametrize(
    ("environ", "named"),
    [
        ({GENERAL: URL, PROTOCOL: "grpc"}, [PROTOCOL]),
        ({GENERAL: URL, PROTOCOL: " GRPC "}, [PROTOCOL]),
        ({GENERAL: URL, PROTOCOL: "http/protobuf"}, []),
        ({GENERAL: URL, PROTOCOL: ""}, []),
        ({GENERAL: URL, PROTOCOL: "grpc", OF_TRACES: "http/protobuf"}, [PROTOCOL]),
        ({GENERAL: URL, PROTOCOL: "http/protobuf", OF_TRACES: "grpc"}, [OF_TRACES]),
        ({GENERAL: URL, OF_TRACES: "grpc", "OTEL_TRACES_EXPORTER": "none"}, []),
        ({PROTOCOL: "grpc"}, []),
    ],
)
def test_a_protocol_that_is_not_spoken_is_said(
    environ: Mapping[str, str], named: list[str], asked: list[str]
) -> None:
    """A collector's port for gRPC cuts off what it does not understand. Source:
    Flagsmith/flagsmith#7812."""
    problems = exporting.set_up(environ)
    assert [(name, "warning") for name in named] == [(p.setting, p.severity) for p in problems]


KEY = "hush-hush"


@pytest.mark.parametrize(
    ("environ", "named", "said"),
    [
        ({GENERAL: "@Microsoft.KeyVault(SecretUri=x)"}, [GENERAL], "has not resolved"),
        ({GENERAL: "collector:4317"}, [GENERAL], "must begin with https://"),
        ({GENERAL: f"https://me:{KEY}@collector.example"}, [GENERAL], HEADERS),
        ({GENERAL: URL, HEADERS: "@Microsoft.KeyVault(SecretUri=x)"}, [HEADERS], "not resolved"),
        ({GENERAL: URL, HEADERS: f"api-key {KEY}"}, [HEADERS], "api-key=value"),
        ({GENERAL: URL, HEADERS: f'"api-key={KEY}"'}, [HEADERS], "api-key=value"),
        ({GENERAL: URL, HEADERS: f"a=b,{KEY}"}, [HEADERS], "api-key=value"),
        ({GENERAL: URL, HEADERS: f"a=b;{KEY}"}, [HEADERS], "api-key=value"),
        ({GENERAL: URL, HEADERS: f"api-key={KEY}é"}, [HEADERS], "api-key=value"),
        ({GENERAL: URL, HEADERS: f"api-key={KEY}\ufeff"}, [HEADERS], "api-key=value"),
        ({GENERAL: URL, HEADERS: f"api-key={KEY}%0Aand-more"}, [HEADERS], "api-key=value"),
        ({GENERAL: f"{URL}\n"}, [GENERAL], "without blanks"),
        ({GENERAL: f"\ufeff{URL}"}, [GENERAL], "without blanks"),
        (
            {GENERAL: URL, "OTEL_EXPORTER_OTLP_TRACES_HEADERS": KEY},
            ["OTEL_EXPORTER_OTLP_TRACES_HEADERS"],
            "api-key=value",
        ),
    ],
)
def test_a_variable_that_cannot_be_used_is_said(
    environ: Mapping[str, str], named: list[str], said: str, asked: list[str]
) -> None:
    """Its value is shown nowhere: by itself the library logs a header that it cannot read."""
    problems = exporting.set_up(environ)
    assert named == [p.setting for p in problems]
    assert said in problems[0].message
    assert KEY not in problems[0].message
    assert (["metrics"] if "TRACES" in named[0] else []) == asked


@pytest.mark.parametrize(
    "headers",
    [
        "",
        "api-key=abc",
        " a = b , c=d,",
        "Authorization=Basic%20YTpi",
        "Authorization=Basic YTpi==",
        "api-key=abc\n",
        "api-key=abc%0A",
    ],
)
def test_headers_as_the_library_reads_them_are_fine(headers: str, asked: list[str]) -> None:
    """Those of the specification, and what is not percent-encoded."""
    assert () == exporting.set_up({GENERAL: URL, HEADERS: headers})
    assert ["metrics", "traces"] == asked


BLANKS = [chr(n) for n in range(1, 0x10000) if chr(n).isspace() or category(chr(n)) in ("Cf", "Cc")]


@pytest.mark.parametrize(
    "headers",
    ["{}api-key=hush-hush", "api-key{}=hush-hush", "api-key={}hush-hush", "api-key=hush-hush{}"],
)
def test_headers_that_the_library_would_log_are_refused(
    headers: str, asked: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever blank stands where: it strips fewer of them than we do elsewhere."""
    given = [headers.format(blank) for blank in BLANKS]
    taken = [h for h in given if () == exporting.set_up({GENERAL: URL, HEADERS: h})]
    assert headers.format(" ") in taken
    for each in taken:
        assert {"api-key": KEY} == parse_env_headers(each, liberal=True)
    assert [] == caplog.records
    parse_env_headers(headers.format("\ufeff"), liberal=True)
    assert KEY in caplog.text


def test_blanks_before_an_endpoint_are_fine(asked: list[str]) -> None:
    """They are not sent."""
    assert () == exporting.set_up({GENERAL: f" \t{URL}"})
    assert ["metrics", "traces"] == asked


@pytest.mark.parametrize("gone", ["absent", "no-parent"])
def test_a_missing_package_is_said(gone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The app works without."""

    def find_spec(name: str) -> None:
        if gone == "no-parent":
            raise ModuleNotFoundError(name)

    monkeypatch.setattr(importlib.util, "find_spec", find_spec)
    (problem,) = exporting.set_up({GENERAL: URL})
    assert (GENERAL, "warning") == (problem.setting, problem.severity)
    assert "opentelemetry-exporter-otlp-proto-http" in problem.message


def test_an_exporter_that_was_there_first_stays() -> None:
    """The worker may have set up Application Insights'; OpenTelemetry takes one of each."""
    measured()
    made()
    problems = exporting.set_up({GENERAL: URL})
    assert ["metrics", "traces"] == [p.message.split(":")[0].split()[-1] for p in problems]


async def test_what_does_not_work_is_shown_by_health() -> None:
    """As a warning: nothing else is affected."""
    problem = Problem(GENERAL, "is wrong", "warning")

    def app(environ: dict[str, str]) -> Any:
        return build_app(environ, problems=(problem,))

    async with world(app=app) as w:
        status, health = await w.call("GET", "health")
    assert (200, "ok") == (status, health["status"])
    assert [{"setting": GENERAL, "severity": "warning", "reason": "is wrong"}] == health["problems"]


def test_no_netrc_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The library would send what stands there to a collector of that name."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    request = exporting._session().prepare_request(requests.Request("POST", URL))
    assert "Authorization" not in request.headers
    plain = requests.Session().prepare_request(requests.Request("POST", URL))
    assert "Authorization" in plain.headers


async def test_a_collector_on_this_machine_is_asked_straight(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A proxy would ask its own machine; the library by itself goes through one."""
    async with collecting() as collector:
        monkeypatch.setenv("HTTP_PROXY", unused_url())
        url, session = f"{collector.url}/v1/traces", exporting._session()
        answer = await asyncio.to_thread(session.post, url, b"")
        with pytest.raises(requests.exceptions.ProxyError):
            await asyncio.to_thread(requests.post, url, b"")
    assert 200 == answer.status_code


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:9", "http://user@pass@127.0.0.1:x"])
def test_a_proxy_that_cannot_be_used_stops_an_export(
    proxy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is named by its variable, as for all that is sent; its value is not shown."""
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    with pytest.raises(ProxyError, match=r"^HTTPS_PROXY: ") as caught:
        exporting._session().post("https://collector.example/v1/traces", b"", timeout=1)
    assert "127" not in str(caught.value)
