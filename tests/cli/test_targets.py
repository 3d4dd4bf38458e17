"""`targets` end to end: from the settings here to a receiver on loopback, or by a running app."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from aiohttp import web

from acr_global.grouping import GroupState
from acr_global.model import VerdictType
from tests.cli.conftest import KEY, App, Run, targets

HUSH = "hush-hush"
SIGNING = "whsec_" + "aHVzaGh1c2hodXNoaHVzaGh1c2hodXNo"
REGIONS = {"ACR_GLOBAL_REGIONS": "westeurope,eastus"}


def hook(url: str, **fields: object) -> str:
    """One webhook target named ops, in the form of the setting."""
    return targets({"name": "ops", "kind": "webhook", "url": url, **fields})


def test_the_list_shows_no_values(run: Run) -> None:
    """It has names, kinds, verdicts and repositories, but no URL, header or secret."""
    value = targets(
        {"name": "ops", "kind": "webhook", "url": f"https://a.example/{HUSH}", "on": ["overdue"],
         "match": ["team/*", "base"], "headers": {"x-own": HUSH}, "secrets": [SIGNING]},
        {"name": "chat", "kind": "slack", "url": f"https://b.example/{HUSH}"},
    )  # fmt: skip
    ran = run("targets", "list", ACR_GLOBAL_TARGETS=value)
    assert (
        "NAME  KIND     ON                            MATCH\n"
        "ops   webhook  overdue                       team/*, base\n"
        "chat  slack    complete, overdue, recovered  *\n"
    ) == ran.out
    assert (0, "") == (ran.code, ran.err)


def test_the_list_warns_of_a_wrong_target(run: Run) -> None:
    """A target that cannot be used is not silently left out."""
    value = targets({"name": "ops", "kind": "webhok", "url": f"https://a.example/{HUSH}"})
    ran = run("targets", "list", ACR_GLOBAL_TARGETS=value)
    assert (0, "No targets.\n") == (ran.code, ran.out)
    assert (
        "warning: ACR_GLOBAL_TARGETS: target 'ops': unknown kind; did you mean 'webhook'?\n"
    ) == ran.err


def test_the_list_as_json_has_targets_and_problems(run: Run) -> None:
    """A script finds a wrong target in it, too."""
    value = targets(
        {"name": "ops", "kind": "webhook", "url": f"https://a.example/{HUSH}", "on": ["overdue"]},
        {"name": "chat", "kind": "slak", "url": f"https://b.example/{HUSH}"},
    )
    ran = run("targets", "list", "--json", ACR_GLOBAL_TARGETS=value)
    assert (0, "") == (ran.code, ran.err)
    said = json.loads(ran.out)
    (target,), (problem,) = said["targets"], said["problems"]
    assert {"name": "ops", "kind": "webhook", "on": ["overdue"], "match": ["*"]} == target
    assert ("ACR_GLOBAL_TARGETS", "error") == (problem["setting"], problem["severity"])
    assert HUSH not in ran.out


def test_a_test_from_here_sends_a_marked_message(run: Run, app: App) -> None:
    """The receiver gets one message that says it is a test, with the settings' regions."""
    bodies: list[bytes] = []

    async def receive(request: web.Request) -> web.StreamResponse:
        bodies.append(await request.read())
        return web.Response(status=204)

    app.answers["POST /hook"] = receive
    ran = run("targets", "test", "ops", ACR_GLOBAL_TARGETS=hook(f"{app.url}/hook"), **REGIONS)
    assert (0, "ops: delivered, status 204\n", "") == (ran.code, ran.out, ran.err)
    (message,) = map(json.loads, bodies)
    assert True is message["test"]
    assert message["text"].startswith("[test] ")
    assert ["westeurope", "eastus"] == [region["region"] for region in message["regions"]]


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("ops: not delivered (retry: the app would try again): http-503, status 503", 503),
        ("ops: not delivered (dead: trying again cannot help): http-400, status 400", 400),
        ("ops: not delivered (dead: trying again cannot help): gone, status 410", 410),
    ],
)
def test_only_a_delivered_test_ends_with_0(run: Run, app: App, said: str, status: int) -> None:
    """Otherwise outcome, reason and status are printed, and the exit code is 1."""
    app.answer("POST /hook", status, b"", Location="/elsewhere")
    ran = run("targets", "test", "ops", ACR_GLOBAL_TARGETS=hook(f"{app.url}/hook"))
    assert (1, said + "\n", ["POST /hook"]) == (ran.code, ran.out, app.asked)


def test_a_redirect_names_the_new_place(run: Run, app: App) -> None:
    """The place is shown without its query, and is not followed."""
    app.answer("POST /hook", 308, b"", Location="/elsewhere?token=hush")
    ran = run("targets", "test", "ops", ACR_GLOBAL_TARGETS=hook(f"{app.url}/hook"))
    assert ["POST /hook"] == app.asked
    assert (
        "ops: not delivered (dead: trying again cannot help): http-308, status 308, "
        f"redirected to {app.url}/elsewhere?***\n"
    ) == ran.out


def test_a_test_from_here_as_json_is_the_attempt(run: Run, app: App) -> None:
    """--json prints all its fields."""
    app.answer("POST /hook", 200)
    value = hook(f"{app.url}/hook")
    attempt = json.loads(run("targets", "test", "ops", "--json", ACR_GLOBAL_TARGETS=value).out)
    assert ("ops", "delivered", 200) == (attempt["target"], attempt["outcome"], attempt["status"])


def test_a_secret_that_is_not_here_is_named(run: Run) -> None:
    """The operator learns which setting to set, or may ask the app instead."""
    value = hook("https://a.example", headers={"x-own": {"$secret": "OWN"}})
    ran = run("targets", "test", "ops", ACR_GLOBAL_TARGETS=value)
    assert (1, "ops: not delivered (retry: the app would try again): secret-unset\n") == (
        ran.code,
        ran.out,
    )
    assert "setting OWN is not set" in ran.err


def test_the_app_s_url_in_the_environment_does_not_make_it_test(run: Run, app: App) -> None:
    """A test is sent from here unless --url says otherwise."""
    app.answer("POST /hook", 200)
    environ = {"ACR_GLOBAL_TARGETS": hook(f"{app.url}/hook"), "FUNCTION_APP_URL": app.url}
    run("targets", "test", "ops", **environ)
    assert ["POST /hook"] == app.asked


def test_a_test_can_be_sent_by_the_app(run: Run, app: App) -> None:
    """With --url the running app sends it, and no setting is needed here."""
    line = "POST /api/targets/ops/test"
    app.answer(line, 200, {"at": "2026-05-04T10:00:00Z", "target": "ops", "outcome": "delivered",
                           "reason": "delivered", "status": 202})  # fmt: skip
    ran = run("targets", "test", "ops", "--url", app.url, FUNCTION_APP_KEY=KEY)
    assert (0, "ops: delivered, status 202\n", "") == (ran.code, ran.out, ran.err)
    assert ([line], [KEY]) == (app.asked, app.keys)


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("ops: not delivered (dead: trying again cannot help): gone, status 410\n",
         {"at": "2026-05-04T10:00:00Z", "target": "ops", "outcome": "dead", "reason": "gone",
          "status": 410}),
        ("ops: not delivered (retry: the app would try again): timeout\n",
         {"at": "2026-05-04T10:00:00Z", "target": "ops", "outcome": "retry", "reason": "timeout"}),
        ("-: -\n", {}),
    ],
)  # fmt: skip
def test_only_a_delivered_test_by_the_app_ends_with_0(
    run: Run, app: App, said: str, answer: object
) -> None:
    """Every other answer is exit code 1."""
    app.answer("POST /api/targets/ops/test", 200, answer)
    ran = run("targets", "test", "ops", "--url", app.url)
    assert (1, said) == (ran.code, ran.out)


def test_a_target_that_the_app_does_not_know_is_named(run: Run, app: App) -> None:
    """The sentence is the app's own."""
    message = "No target has this name; see ACR_GLOBAL_TARGETS."
    app.answer("POST /api/targets/ops/test", 404, {"message": message})
    ran = run("targets", "test", "ops", "--url", app.url)
    assert (1, f"error: {message} (status 404)\n") == (ran.code, ran.err)


@pytest.mark.parametrize("command", ["test", "preview"])
def test_an_unknown_target_is_a_usage_error(run: Run, command: str) -> None:
    """The known names are listed."""
    ran = run("targets", command, "osp", ACR_GLOBAL_TARGETS=hook("https://a.example"))
    said = "error: no target has this name in the settings here; known are: ops\n"
    assert (1, said) == (ran.code, ran.err)


@pytest.mark.parametrize("command", ["test", "preview"])
def test_where_there_is_no_target_it_is_said_who_may_know_it(run: Run, command: str) -> None:
    """FUNCTION_APP_URL alone does not make `targets test` ask the app."""
    ran = run("targets", command, "ops", FUNCTION_APP_URL="https://a.example")
    assert 1 == ran.code
    assert "Is local.settings.json in this folder? `targets test --url` has the app" in ran.err


@pytest.mark.parametrize("command", ["test", "preview"])
def test_a_wrong_target_is_refused(run: Run, command: str) -> None:
    """The message says what is wrong with it, without its values."""
    ran = run("targets", command, "ops", ACR_GLOBAL_TARGETS=hook(f"http://a.example/{HUSH}"))
    assert 1 == ran.code
    assert ran.err.startswith("error: target 'ops': url is plain http")
    assert HUSH not in ran.out + ran.err


@pytest.mark.parametrize("verdict", [v.value for v in VerdictType])
def test_a_preview_is_the_exact_request(run: Run, verdict: str) -> None:
    """It shows method, URL, headers and body of a sample that says so; nothing is sent."""
    value = hook("https://a.example/hook?code=" + HUSH, headers={"x-own": HUSH}, secrets=[SIGNING])
    ran = run("targets", "preview", "ops", "--verdict", verdict, ACR_GLOBAL_TARGETS=value)
    head, _, body = ran.out.partition("\n\n")
    assert "POST https://a.example/hook?***" == head.splitlines()[0]
    assert {"x-own: ***", "webhook-signature: ***"} <= set(head.splitlines())
    message = json.loads(body)
    assert (verdict, True) == (message["type"], message["test"])
    assert (0, "A sample: nothing was pushed, and nothing has been sent.\n") == (ran.code, ran.err)


@pytest.mark.parametrize("state", [s.value for s in GroupState])
def test_a_preview_of_a_group_is_the_exact_request(run: Run, state: str) -> None:
    """It speaks of the last of the settings' regions; of one push or of a group, not both."""
    value = {"ACR_GLOBAL_TARGETS": hook("https://a.example"), "ACR_GLOBAL_REGIONS": "eastus,westus"}
    ran = run("targets", "preview", "ops", "--group", state, **value)
    message = json.loads(ran.out.partition("\n\n")[2])
    assert ("group", state, ["westus"]) == (message["type"], message["state"], message["missing"])
    both = run("targets", "preview", "ops", "--group", state, "--verdict", "overdue", **value)
    assert (2, "") == (both.code, both.out)
    assert both.err.startswith("error: --verdict and --group")


def test_a_preview_as_json_is_the_request_in_parts(run: Run) -> None:
    """What is secret is masked there as well."""
    value = hook(f"https://a.example/in?token={HUSH}", headers={"x-own": HUSH}, secrets=[SIGNING])
    ran = run("targets", "preview", "ops", "--json", ACR_GLOBAL_TARGETS=value)
    shown = json.loads(ran.out)
    assert (0, "POST", "https://a.example/in?***") == (ran.code, shown["method"], shown["url"])
    masked = {name for name, value in shown["headers"] if value == "***"}
    assert {"x-own", "webhook-signature"} == masked
    assert "complete" == json.loads(shown["body"])["type"]
    assert HUSH not in ran.out


def test_a_preview_that_cannot_be_made_says_why(run: Run) -> None:
    """It names the secret that is not set here."""
    value = hook("https://a.example", headers={"x-own": {"$secret": "OWN"}})
    ran = run("targets", "preview", "ops", ACR_GLOBAL_TARGETS=value)
    assert (1, "") == (ran.code, ran.out)
    assert "error: setting OWN is not set" == ran.err.splitlines()[-1]


@pytest.mark.parametrize(
    "argv",
    [
        ("targets", "list"),
        ("targets", "test", "ops"),
        ("targets", "test", "ops", "--json"),
        ("targets", "preview", "ops"),
        ("targets", "test", "chat"),
        ("targets", "preview", "chat"),
        ("targets", "preview", "code"),
        ("settings", "check"),
    ],
)
def test_no_secret_is_in_any_output(run: Run, app: App, argv: tuple[str, ...]) -> None:
    """URLs that are secret, queries, headers, tokens and signing keys are not printed."""
    app.answer(f"POST /open?code={HUSH}", 500, {"message": HUSH})
    value = targets(
        {"name": "ops", "kind": "webhook", "url": f"{app.url}/open?code={HUSH}",
         "headers": {"x-own": HUSH}, "secrets": [SIGNING]},
        {"name": "chat", "kind": "slack", "url": {"$secret": "CHAT"}},
        {"name": "code", "kind": "github", "repo": "o/r", "token": HUSH},
    )  # fmt: skip
    ran = run(*argv, ACR_GLOBAL_TARGETS=value, CHAT=f"{app.url}/{HUSH}", **REGIONS)
    assert HUSH not in ran.out + ran.err
    assert SIGNING not in ran.out + ran.err


def test_local_settings_are_read_and_the_environment_wins(run: Run, tmp_path: Path) -> None:
    """The Functions host does the same with local.settings.json."""
    values = {"ACR_GLOBAL_TARGETS": hook("https://a.example"), "ACR_GLOBAL_REGIONS": "filed"}
    content = json.dumps({"IsEncrypted": False, "Values": values})
    (tmp_path / "local.settings.json").write_text(content, encoding="utf-8-sig")
    ran = run("targets", "preview", "ops", ACR_GLOBAL_REGIONS="westeurope")
    message = json.loads(ran.out.partition("\n\n")[2])
    assert ["westeurope"] == [region["region"] for region in message["regions"]]
