"""`settings check`, and the places that settings come from."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from acr_global.cli.settings import in_force
from acr_global.settings import Settings, known_names
from tests.cli.conftest import Run, targets

# The library apprise warns of one of its own imports.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")

HUSH = "hush-hush"


def test_each_problem_is_a_line(run: Run) -> None:
    """It has severity, name and reason; the exit code is 1."""
    ran = run("settings", "check", ACR_GLOBAL_TIMEOUT=HUSH, ACR_GLOBAL_REGION="eastus")
    assert (1, "") == (ran.code, ran.err)
    assert [
        "warning: ACR_GLOBAL_REGION: no such setting; did you mean ACR_GLOBAL_REGIONS?",
        "error: ACR_GLOBAL_TIMEOUT: not a duration: write it like 90s, 10m, 1h30m, 2d or PT10M; "
        "until then the default is in force, 10m",
    ] == ran.out.splitlines()[:2]
    assert HUSH not in ran.out


def test_the_problems_as_json_end_with_the_same_code(run: Run) -> None:
    """What only a target's library finds, or a secret that is not set, is among them."""
    hook = {"name": "ops", "kind": "webhook", "url": {"$secret": "OWN"}}
    ran = run("settings", "check", "--json", ACR_GLOBAL_REGIONS="eastus", ACR_GLOBAL_COLOUR="blue")
    assert (0, ["warning"]) == (ran.code, [p["severity"] for p in json.loads(ran.out)["problems"]])
    ran = run("settings", "check", "--json", ACR_GLOBAL_REGIONS="eastus",
              ACR_GLOBAL_TARGETS=targets(hook))  # fmt: skip
    assert (1, "") == (ran.code, ran.err)
    assert {
        "problems": [
            {
                "setting": "ACR_GLOBAL_TARGETS",
                "message": "target 'ops': setting OWN is not set",
                "severity": "error",
            }
        ]
    } == json.loads(ran.out)


def test_a_warning_alone_fails_nothing(run: Run) -> None:
    """It is printed before the settings in force."""
    ran = run("settings", "check", ACR_GLOBAL_REGIONS="eastus", ACR_GLOBAL_COLOUR="blue")
    assert (0, "") == (ran.code, ran.err)
    said, ok, *_ = ran.out.splitlines()
    assert ("warning: ACR_GLOBAL_COLOUR: no such setting", "ok") == (said.partition(";")[0], ok)
    assert "blue" not in ran.out


def test_a_folder_without_settings_is_named(run: Run) -> None:
    """The file is most likely in another one; where a setting was found nothing is said of that."""
    note = "note: the environment has none of the settings, nor has local.settings.json in this "
    assert note in run("settings", "check").out
    assert note not in run("settings", "check", ACR_GLOBAL_TIMEOUT="5m").out


def test_a_secret_that_is_not_set_is_an_error(run: Run) -> None:
    """The deliveries of its target wait for it."""
    hook = {"name": "ops", "kind": "webhook", "url": {"$secret": "OWN"}}
    ran = run("settings", "check", ACR_GLOBAL_REGIONS="eastus", ACR_GLOBAL_TARGETS=targets(hook))
    assert (
        1,
        "error: ACR_GLOBAL_TARGETS: target 'ops': setting OWN is not set\n",
    ) == (ran.code, ran.out)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("nosuch://hush", "the library apprise knows no service by this URL"),
        (
            "slak://hush/hush",
            "the library apprise knows no service by this URL; did you mean slack://?",
        ),
        (
            "gmail://hush",
            "the library apprise knows no service by this URL; did you mean mailto://?",
        ),
        (
            "https://hush.test/x",
            "the library apprise knows no service by this URL; for a receiver of your own use the "
            "kind webhook",
        ),
        ("mailtos://", "the library apprise does not understand what follows mailtos://"),
        ("tgram://hush", "the library apprise does not understand what follows tgram://"),
        ("json://hush:abc", "the library apprise does not understand what follows json://"),
        ("json://[::hush", "the library apprise does not understand what follows json://"),
        ("ntfy://hush/a/b", "url names several recipients; make a target of each, or "),
        ("mailto://u:hush@h.test?to=a@b.test,c@d.test", "url names several recipients; make a "),
        ("json://hush, json://b", "url holds several URLs; make a target of each, or one that "),
    ],
)
@pytest.mark.parametrize("behind", [False, True])
def test_a_url_that_apprise_does_not_understand_is_found(
    run: Run, url: str, said: str, behind: bool
) -> None:
    """It is found before the first alarm, once, and its secret is not shown."""
    given = {"$secret": "OWN"} if behind else url
    mail = targets({"name": "mail", "kind": "apprise", "url": given})
    ran = run("settings", "check", ACR_GLOBAL_REGIONS="eastus", ACR_GLOBAL_TARGETS=mail, OWN=url)
    (found,) = ran.out.replace("setting OWN: ", "").splitlines()
    assert (1, "") == (ran.code, ran.err)
    assert found.startswith(f"error: ACR_GLOBAL_TARGETS: target 'mail': {said}")
    assert "hush" not in found


@pytest.mark.parametrize(
    "url", ["json://hush?retry=3", "JSON://hush", "mailto://u:hush@h.test?to=a@b.test"]
)
def test_a_url_that_apprise_understands_is_right(run: Run, url: str) -> None:
    """It has one service and one recipient."""
    mail = targets({"name": "mail", "kind": "apprise", "url": url})
    ran = run("settings", "check", ACR_GLOBAL_REGIONS="eastus", ACR_GLOBAL_TARGETS=mail)
    assert (0, "", "ok") == (ran.code, ran.err, ran.out.splitlines()[0])


def test_a_library_that_is_broken_is_named(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python finds it, but cannot load it."""
    (tmp_path / "apprise.py").write_text("import no_such_module_anywhere")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "apprise", raising=False)
    mail = targets({"name": "mail", "kind": "apprise", "url": "json://hush"})
    ran = run("settings", "check", ACR_GLOBAL_REGIONS="eastus", ACR_GLOBAL_TARGETS=mail)
    assert (1, "") == (ran.code, ran.err)
    assert "target 'mail': the package apprise is there, but cannot be imported" in ran.out


def test_a_scheme_that_needs_a_package_names_it(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The library knows the scheme, but cannot use it here."""
    service = {"protocols": ("mqtt",), "secure_protocols": ("mqtts",), "enabled": False}
    known = service | {"requirements": {"packages_required": ["paho-mqtt >= 2"]}}
    monkeypatch.setattr("apprise.Apprise.add", lambda *_: False)
    monkeypatch.setattr("apprise.Apprise.details", lambda *_, **__: {"schemas": [known]})
    mail = targets({"name": "mail", "kind": "apprise", "url": "mqtts://hush/topic"})
    ran = run("settings", "check", ACR_GLOBAL_REGIONS="eastus", ACR_GLOBAL_TARGETS=mail)
    assert "mqtts:// cannot be used here; it needs paho-mqtt >= 2" in ran.out


def test_what_is_in_force_is_shown_without_secrets(run: Run) -> None:
    """Each setting is shown with its value, but targets by kind and URLs by host."""
    ran = run(
        "settings",
        "check",
        ACR_GLOBAL_REGIONS="West Europe, eastus",
        ACR_GLOBAL_TIMEOUT="90s",
        ACR_GLOBAL_TARGETS=targets(
            {"name": "ops", "kind": "webhook", "url": f"https://a.example/{HUSH}"}
        ),
        ACR_GLOBAL_REGION_ENDPOINTS=json.dumps({"eastus": "https://e.example/"}),
        ACR_GLOBAL_REGISTRIES=json.dumps({"one.azurecr.io": {"timeout": "5m"}}),
    )
    assert (0, "", "ok") == (ran.code, ran.err, ran.out.splitlines()[0])
    shown = dict(line.split(maxsplit=1) for line in ran.out.splitlines()[1:])
    assert "westeurope, eastus" == shown["ACR_GLOBAL_REGIONS"]
    assert "1m30s" == shown["ACR_GLOBAL_TIMEOUT"]
    assert "ops (webhook)" == shown["ACR_GLOBAL_TARGETS"]
    assert "eastus: https://e.example" == shown["ACR_GLOBAL_REGION_ENDPOINTS"]
    assert "one.azurecr.io (timeout)" == shown["ACR_GLOBAL_REGISTRIES"]
    assert "push, chart_push" == shown["ACR_GLOBAL_ACTIONS"]
    assert "5s, 5m, 30m, 2h, 5h, 10h, 10h" == shown["ACR_GLOBAL_RETRY_SCHEDULE"]
    assert "-" == shown["ACR_GLOBAL_REGISTRY_ID"]
    assert HUSH not in ran.out


def test_every_setting_is_shown() -> None:
    """A new setting is part of the check by itself."""
    assert list(known_names()) == [name for name, _ in in_force(Settings())]


@pytest.mark.parametrize(
    ("reason", "content"),
    [
        ("is not JSON (line 2, column 3)", b"{\n  hush}"),
        ("is not JSON", b"\xff\xfe\xfa"),
        ("is not JSON", b"[" * 100_000),
        ("must be an object with an object Values", b"[]"),
        ("must be an object with an object Values", b'{"Values": ["hush"]}'),
        ("is encrypted (IsEncrypted is true)", b'{"IsEncrypted": true, "Values": {"A": "hush"}}'),
    ],
)
def test_a_file_that_cannot_be_used_is_one_line(
    run: Run, tmp_path: Path, reason: str, content: bytes
) -> None:
    """It says what is wrong with local.settings.json, and shows nothing of it."""
    (tmp_path / "local.settings.json").write_bytes(content)
    ran = run("settings", "check")
    assert (1, "") == (ran.code, ran.out)
    assert ran.err.startswith(f"error: local.settings.json {reason}")
    assert "hush" not in ran.err


def test_a_folder_in_the_file_s_place_is_one_line(run: Run, tmp_path: Path) -> None:
    """It says that the file cannot be read."""
    (tmp_path / "local.settings.json").mkdir()
    assert run("settings", "check").err.startswith("error: local.settings.json cannot be read: ")


def test_a_file_without_values_adds_nothing(run: Run, tmp_path: Path) -> None:
    """It may be there for another purpose."""
    (tmp_path / "local.settings.json").write_text('{"Host": {"LocalHttpPort": 7072}}')
    assert 0 == run("settings", "check", ACR_GLOBAL_REGIONS="eastus").code


def test_a_number_in_the_file_is_checked_as_the_text_that_it_becomes(
    run: Run, tmp_path: Path
) -> None:
    """The host passes it on as text as well."""
    (tmp_path / "local.settings.json").write_text('{"Values": {"ACR_GLOBAL_TIMEOUT": 5}}')
    ran = run("settings", "check", ACR_GLOBAL_REGIONS="eastus")
    assert 1 == ran.code
    assert ran.out.startswith("error: ACR_GLOBAL_TIMEOUT: not a duration")


def test_names_that_look_like_ours_fail_nothing(run: Run) -> None:
    """A platform's variables are not mentioned; for another spelling the right one is named."""
    ran = run(
        "settings",
        "check",
        ACR_GLOBAL_REGIONS="eastus",
        ACR_GLOBAL_SERVICE_HOST="10.0.0.1",
        ACR_GLOBAL_PORT="tcp://10.0.0.1:80",
        acr_global_timeout="5m",
    )
    assert [
        "warning: acr_global_timeout: another spelling, which counts for nothing; the setting is "
        "ACR_GLOBAL_TIMEOUT",
        "ok",
    ] == ran.out.splitlines()[:2]
    assert 0 == ran.code
