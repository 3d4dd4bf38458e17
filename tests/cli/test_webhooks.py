"""`webhooks plan`, `apply`, `remove` and `ping`, typed against a resource manager on loopback."""

from __future__ import annotations

import io
import json
import logging
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from acr_global.cli.azure import Place, opened, place
from acr_global.cli.exits import CommandError, Exit
from acr_global.registration import rights
from acr_global.registration.refusal import ArmError
from acr_global.registry.naming import KEY_HEADER, TAG
from acr_global_rig.arm import SUBSCRIPTION, LoopbackArm, Registry, Site
from acr_global_rig.arm.faults import Cut
from acr_global_rig.loopback import unused_url
from tests.cli.conftest import Ran, Run
from tests.cli.test_terminal import at_terminal, bare
from tests.loopback_arm import (
    REGIONS,
    URL,
    Answering,
    answering,
    certificate,
    registry,
    rig,
    site,
)

__all__ = ["answering", "certificate", "registry", "rig", "site"]

ROOT = Path(__file__).parents[2]
GOLDEN = Path(__file__).parent / "golden"
NAMES = sorted(f"acrglobalfuncapp{region}" for region in REGIONS)
KEY = "aGVyZS1pcy1hLWtleQ-for_the-tests=="


@pytest.fixture
def environ(rig: LoopbackArm, registry: Registry, site: Site) -> dict[str, str]:
    """The environment that names cloud, subscription, registry and app."""
    return {
        "ACR_GLOBAL_ARM_ENDPOINT": rig.url,
        "AZURE_SUBSCRIPTION_ID": SUBSCRIPTION,
        "ACR_GLOBAL_REGISTRY_ID": registry.id,
        "FUNCTION_APP_URL": URL,
    }


@pytest.fixture
def type_(run: Run, environ: dict[str, str]) -> Run:
    """Types one of the commands."""

    def typed(*argv: str, **more: str) -> Ran:
        return run("webhooks", *argv, **{**environ, **more})

    return typed


def muddle(registry: Registry, site: Site) -> None:
    """Set up a webhook of every kind: missing, edited, surplus, not ready, and of others."""
    tags, headers = {TAG: site.id}, {KEY_HEADER: KEY}
    site.keys("ImagePush")["contoso"] = KEY
    registry.set_replica("southeastasia", "", "Creating")
    registry.add_webhook(
        "acrglobalfuncappeastus", "eastus", f"{URL}/api/ImagePush?region=eastus", headers, tags=tags
    )
    registry.add_webhook(
        "acrglobalnortheurope",
        "northeurope",
        f"{URL}/api/ImagePush?region=northeurope&code={KEY}",
        {"x-gateway": KEY},
        enabled=False,
    )
    registry.add_webhook(
        "acrglobalfuncappbrazilsouth", "brazilsouth", "https://x/", headers, tags=tags
    )
    registry.add_webhook("theirs", "westeurope", "https://theirs.example/", {"x-secret": KEY})


def test_a_plan_at_a_terminal_is_the_golden(
    registry: Registry, site: Site, environ: dict[str, str]
) -> None:
    """It is made for 80 columns, and read by people. UPDATE_GOLDEN=1 writes it anew."""
    muddle(registry, site)
    shown = bare(at_terminal("webhooks", "plan", environ=environ))
    golden = GOLDEN / "plan.txt"
    text = "".join(line.rstrip() + "\n" for line in shown.splitlines())
    if os.environ.get("UPDATE_GOLDEN"):
        golden.write_text(text, encoding="utf-8")
    assert golden.read_text(encoding="utf-8") == text
    assert 80 >= max(map(len, text.splitlines()))


def test_a_plan_in_a_pipe_has_a_line_for_each(type_: Run, registry: Registry, site: Site) -> None:
    """The exit code is 1, because something is to be done; nothing is changed."""
    muddle(registry, site)
    before = registry.webhooks()
    ran = type_("plan")
    assert (Exit.PROBLEMS, "") == (ran.code, ran.err)
    assert [
        ["STEP", "REGION", "WEBHOOK", "WHY"],
        ["create", "westeurope", "acrglobalfuncappwesteurope", "-"],
        ["keep", "eastus", "acrglobalfuncappeastus", "-"],
        ["change", "northeurope", "acrglobalnortheurope", "uri, key, enabled, tag"],
        [
            "wait",
            "southeastasia",
            "acrglobalfuncappsoutheastasia",
            "its replica is Creating, not Succeeded",
        ],
        [
            "remove",
            "brazilsouth",
            "acrglobalfuncappbrazilsouth",
            "the registry is not in this region",
        ],
        ["1 to create, 1 to change, 1 to remove, 1 cannot be made yet, 1 as it should be."],
    ] == [re.split(r"  +", line) for line in ran.out.splitlines()]
    assert before == registry.webhooks()


def test_a_plan_as_json_has_each_step(type_: Run, registry: Registry, site: Site) -> None:
    """A step has its changes, and only the wanted URI."""
    muddle(registry, site)
    answer = json.loads(type_("plan", "--json").out)
    assert (registry.id, site.id, True) == (
        answer["registry"],
        answer["app"],
        answer["key_compared"],
    )
    assert {
        "step": "change",
        "region": "northeurope",
        "webhook": "acrglobalnortheurope",
        "changes": ["uri", "key", "enabled", "tag"],
        "reason": None,
        "uri": f"{URL}/api/ImagePush?region=northeurope",
    } == answer["steps"][2]


def test_apply_makes_it_so(type_: Run, registry: Registry, site: Site) -> None:
    """Each step is a line; afterwards nothing is to be done, and plan says so, too."""
    ran = type_("apply")
    assert (Exit.FINE, "") == (ran.code, ran.err)
    *lines, last = ran.out.splitlines()
    assert [
        f"created  {name.removeprefix('acrglobalfuncapp')}  {name}" for name in NAMES
    ] == sorted(lines)
    assert "Every region has its webhook, as it should be." == last
    key = site.keys("ImagePush")["contoso"]
    assert NAMES == sorted(registry.webhooks())
    for webhook in registry.webhooks().values():
        assert {KEY_HEADER: key} == webhook["properties"]["customHeaders"]
    assert Ran(Exit.FINE, last + "\n", "") == type_("apply")
    assert Exit.FINE == type_("plan").code


def test_actions_in_other_letters_are_left_alone(type_: Run, registry: Registry) -> None:
    """The service keeps those in which they came. Source: Azure/azure-powershell,
    Update-AzContainerRegistryWebhook.Recording.json."""
    assert Exit.FINE == type_("apply").code
    for name, webhook in registry.webhooks().items():
        said = webhook["properties"]
        registry.add_webhook(
            name,
            webhook["location"],
            said["serviceUri"],
            said["customHeaders"],
            actions=["Push"],
            tags=webhook["tags"],
        )
    assert Exit.FINE == type_("plan").code


def test_apply_as_json_has_what_was_done_and_left(
    type_: Run, registry: Registry, site: Site, rig: LoopbackArm
) -> None:
    """What is left has the error that prevented it."""
    muddle(registry, site)
    rig.rights = {"*/read", "*/action", rights.WRITE_WEBHOOK}
    ran = type_("apply", "--json")
    answer = json.loads(ran.out)
    assert (Exit.PROBLEMS, False) == (ran.code, answer["settled"])
    done = {one["webhook"]: one for one in answer["done"]}
    assert done["acrglobalfuncappwesteurope"]["error"] is None
    refused = done["acrglobalfuncappbrazilsouth"]
    assert rights.DELETE_WEBHOOK == refused["missing_right"]
    assert refused["request_id"] in refused["error"]
    left = [step["webhook"] for step in answer["steps"] if step["step"] != "keep"]
    assert ["acrglobalfuncappsoutheastasia", "acrglobalfuncappbrazilsouth"] == left


def test_what_is_left_is_said_on_stderr(
    type_: Run, registry: Registry, site: Site, rig: LoopbackArm
) -> None:
    """Each step has the missing right beside it, and the exit code is 1."""
    rig.rights = {"*/read", "*/action", rights.WRITE_KEY}
    ran = type_("apply")
    assert Exit.PROBLEMS == ran.code
    assert 3 == ran.out.count(f"the right {rights.WRITE_WEBHOOK} is missing (status 403, ")
    assert 3 == ran.out.count("failed   ")
    assert ran.err.startswith("error: 3 of 3 are not done: westeurope, eastus, northeurope; ")
    assert 1 == ran.err.count("\n")


def test_a_region_that_is_not_ready_is_named(type_: Run, registry: Registry) -> None:
    """All others are done, and the exit code is 1."""
    registry.set_replica("southindia", "", "Creating")
    ran = type_("apply")
    assert Exit.PROBLEMS == ran.code
    assert NAMES == sorted(registry.webhooks())
    waits = (
        "waits    southindia  acrglobalfuncappsouthindia  its replica is Creating, not Succeeded"
    )
    assert waits in ran.out.splitlines()


def test_the_limit_ends_it_before_anything_is_made(type_: Run, rig: LoopbackArm) -> None:
    """One line on stderr says so."""
    small = rig.add_registry("small", "westeurope", sku="Basic")
    for name in ("theirs1", "theirs2"):
        small.add_webhook(name, "westeurope", "https://theirs.example/")
    ran = type_("apply", "--registry", "small")
    assert (Exit.PROBLEMS, "") == (ran.code, ran.out)
    assert ran.err.startswith("error: the registry may have 2 webhooks and has 2, ")


class Typing(io.StringIO):
    """Somebody at a terminal who types this."""

    def isatty(self) -> bool:
        """True: it is a terminal."""
        return True


@pytest.mark.parametrize("answer", ["", "n\n", "no\n", "\n", "remove\n"])
def test_remove_asks_first(
    type_: Run, registry: Registry, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    """Any answer but yes removes nothing."""
    type_("apply")
    monkeypatch.setattr(sys, "stdin", Typing(answer))
    ran = type_("remove")
    assert Exit.PROBLEMS == ran.code
    assert all(name in ran.out for name in NAMES)
    assert ran.out.endswith("3 to remove.\nNothing was removed.\n")
    assert "Remove them? [y/N] " == ran.err
    assert NAMES == sorted(registry.webhooks())


@pytest.mark.parametrize("answer", ["y\n", "Yes\n"])
def test_a_yes_removes_them(
    type_: Run, registry: Registry, site: Site, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    """Webhooks of others stay, and so does the app's key."""
    type_("apply")
    registry.add_webhook("theirs", "westeurope", "https://theirs.example/")
    monkeypatch.setattr(sys, "stdin", Typing(answer))
    ran = type_("remove")
    assert Exit.FINE == ran.code
    assert ran.out.endswith("No webhook of this app is left.\n")
    assert ["theirs"] == list(registry.webhooks())
    assert "contoso" in site.keys("ImagePush")


def test_where_nobody_can_answer_yes_is_an_option(type_: Run, registry: Registry) -> None:
    """Without it, nothing is asked of Azure either."""
    type_("apply")
    refused = type_("remove")
    assert (Exit.USAGE, "") == (refused.code, refused.out)
    assert "give --yes" in refused.err
    answer = json.loads(type_("remove", "--yes", "--json").out)
    assert answer["settled"]
    assert {} == registry.webhooks()


def test_where_there_is_nothing_to_remove_nobody_is_asked(
    type_: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The exit code is 0."""
    monkeypatch.setattr(sys, "stdin", Typing(""))
    ran = type_("remove")
    assert Ran(Exit.FINE, "No webhooks.\nNo webhook of this app is left.\n", "") == ran


@pytest.fixture
def pinged(
    type_: Run,
    rig: LoopbackArm,
    answering: Answering,
    environ: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., Ran]:
    """Registers an app that answers, and pings it."""
    monkeypatch.setattr("acr_global.registration.pinging.EVERY_SECONDS", 0.01)
    rig.add_site("func-answering", answering.url)
    environ["FUNCTION_APP_URL"] = answering.url

    def ping(*argv: str) -> Ran:
        assert Exit.FINE == type_("apply").code
        return type_("ping", *argv)

    return ping


def test_a_ping_of_each_region_is_answered(
    pinged: Callable[..., Ran], rig: LoopbackArm, answering: Answering
) -> None:
    """Each is a line with the status; the key was right."""
    ran = pinged()
    assert (Exit.FINE, "") == (ran.code, ran.err)
    assert [f"200  {region}  answered" for region in sorted(REGIONS)] == sorted(
        ran.out.splitlines()
    )
    (key,) = set(answering.keys)
    assert key
    assert key not in ran.out


def test_a_region_that_is_refused_says_what_to_do(
    pinged: Callable[..., Ran], answering: Answering
) -> None:
    """The exit code is 1."""
    answering.statuses = {"eastus": 401, "northeurope": 504, "westeurope": 202}
    ran = pinged()
    assert Exit.PROBLEMS == ran.code
    assert "401  eastus  the key is wrong or missing: run apply\n" in ran.out
    assert "504  northeurope  no answer within 5 s: a cold start" in ran.out
    assert "202  westeurope  answered\n" in ran.out


def test_an_answer_that_is_not_known_by_then_is_3(
    pinged: Callable[..., Ran], answering: Answering
) -> None:
    """An answer that is not in the log yet is no failure."""
    answering.slow.clear()
    ran = pinged("--wait", "0")
    assert Exit.NOT_YET == ran.code
    assert 3 == ran.out.count("not known by then: its event log has no answer yet")


def test_a_region_without_a_webhook_is_named(
    pinged: Callable[..., Ran], type_: Run, registry: Registry
) -> None:
    """The exit code is 1, though the others are fine."""
    assert Exit.FINE == pinged().code
    registry.set_replica("southindia")
    ran = type_("ping", "--json")
    assert Exit.PROBLEMS == ran.code
    pings = {one["region"]: one for one in json.loads(ran.out)["pings"]}
    assert {*REGIONS, "southindia"} == set(pings)
    assert {
        "region": "southindia",
        "webhook": None,
        "status": None,
        "fine": False,
        "meaning": "it has no webhook of ours: run apply",
    } == pings["southindia"]
    assert (200, True) == (pings["eastus"]["status"], pings["eastus"]["fine"])


def test_a_ping_that_may_not_be_sent_says_the_right(
    pinged: Callable[..., Ran], type_: Run, rig: LoopbackArm
) -> None:
    """It stands in each region's line."""
    pinged()
    rig.rights = {"*/read", rights.READ_CALLBACK}
    ran = type_("ping")
    assert Exit.PROBLEMS == ran.code
    assert 3 == ran.out.count(f"the right {rights.PING_WEBHOOK} is missing")


@pytest.mark.parametrize("how", ["environment", "stdin"])
def test_a_key_may_be_given(
    type_: Run, registry: Registry, site: Site, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """The app's keys are then neither read nor made, and nothing prints it."""
    if how == "stdin":
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(f"{KEY}\n".encode())))
        ran = type_("apply", "--key-stdin")
    else:
        ran = type_("apply", WEBHOOK_KEY=KEY)
    assert Exit.FINE == ran.code
    headers = [w["properties"]["customHeaders"] for w in registry.webhooks().values()]
    assert [{KEY_HEADER: KEY}] * 3 == headers
    assert ["default"] == list(site.keys("ImagePush"))
    assert KEY not in ran.out + ran.err


def test_a_plan_makes_no_key(type_: Run, site: Site) -> None:
    """This holds even where the app has none yet."""
    assert Exit.PROBLEMS == type_("plan").code
    assert ["default"] == list(site.keys("ImagePush"))


def test_a_plan_without_the_right_to_keys_says_so(type_: Run, rig: LoopbackArm) -> None:
    """It compares everything else; apply needs the key."""
    type_("apply")
    rig.rights = {"*/read", rights.READ_CALLBACK}
    ran = type_("plan")
    assert Exit.FINE == ran.code
    assert f"warning: keys were not compared: the right {rights.READ_KEYS} is missing\n" == ran.err
    assert not json.loads(type_("plan", "--json").out)["key_compared"]
    ran = type_("apply")
    assert (Exit.PROBLEMS, "") == (ran.code, ran.out)
    assert f"the right {rights.READ_KEYS} is missing" in ran.err


COMMANDS = (
    ("plan",),
    ("plan", "--json"),
    ("plan", "--print", "az"),
    ("plan", "--print", "terraform"),
    ("apply",),
    ("apply", "--json"),
    ("ping", "--wait", "0"),
    ("ping", "--wait", "0", "--json"),
    ("remove", "--yes"),
    ("remove", "--yes", "--json"),
)


@pytest.mark.parametrize("argv", COMMANDS, ids=" ".join)
@pytest.mark.parametrize(
    ("action", "how"),
    [
        (None, 500),
        (rights.READ_KEYS, 500),
        (rights.READ_CALLBACK, Cut.AFTER),
        (rights.WRITE_WEBHOOK, 409),
    ],
)
def test_no_key_is_shown_whatever_happens(
    type_: Run,
    rig: LoopbackArm,
    registry: Registry,
    site: Site,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    argv: tuple[str, ...],
    action: str | None,
    how: int | Cut,
) -> None:
    """Neither our keys nor those of others are in any output or log line."""
    monkeypatch.setattr("acr_global.registration.settle.PAUSE_SECONDS", 0)
    caplog.set_level(logging.DEBUG)
    muddle(registry, site)
    if action:
        rig.fail(action, how, times=2)
    ran = type_(*argv)
    assert KEY not in ran.out + ran.err
    assert KEY not in caplog.text
    assert "Traceback" not in ran.err


def test_scripts_for_az_and_terraform_are_printed_alone(
    type_: Run, registry: Registry, site: Site
) -> None:
    """The exit code is 0, though something is to be done."""
    muddle(registry, site)
    az = type_("plan", "--print", "az")
    assert (Exit.FINE, "") == (az.code, az.err)
    assert az.out.startswith("#!/bin/sh\n")
    terraform = type_("plan", "--print", "terraform")
    assert Exit.FINE == terraform.code
    assert 'resource_group_name = "registries"' in terraform.out


@pytest.mark.parametrize(
    ("said", "argv", "more"),
    [
        ("which registry? Give --registry NAME", [], {"ACR_GLOBAL_REGISTRY_ID": ""}),
        ("which subscription?", ["--registry", "contoso"], {"AZURE_SUBSCRIPTION_ID": ""}),
        ("--registry must be a registry's name", ["--registry", "con/toso"], {}),
        ("not contoso.azurecr.io", ["--registry", "contoso-f9dyb6dh.azurecr.io"], {}),
        ("which app? Give --url", [], {"FUNCTION_APP_URL": ""}),
        ("the app's url", ["--url", "ftp://x"], {}),
        ("--actions must name some of push, delete", ["--actions", "pull"], {}),
        ("--print is not known (choose from az, terraform)", ["--print", "bicep"], {}),
        ("--cloud must be one of AzureCloud", ["--cloud", "Azure"], {}),
        ("what WEBHOOK_KEY holds is not one key", [], {"WEBHOOK_KEY": "two words"}),
    ],
)
def test_a_usage_error_is_one_line(
    type_: Run, said: str, argv: list[str], more: dict[str, str]
) -> None:
    """Nothing is asked of Azure."""
    ran = type_("plan", *argv, **more)
    assert (Exit.USAGE, "") == (ran.code, ran.out)
    assert said in ran.err
    assert 1 == ran.err.count("\n")


def test_a_wait_is_a_number_of_seconds(type_: Run) -> None:
    """Anything else is a usage error."""
    ran = type_("ping", "--wait", "soon")
    assert Exit.USAGE == ran.code
    assert "--wait must be a number of seconds" in ran.err


def test_the_registrys_id_says_its_subscription(type_: Run, registry: Registry, site: Site) -> None:
    """Where the app's id is given too, no other subscription is needed."""
    ran = type_("apply", "--registry", registry.id, "--app", site.id, AZURE_SUBSCRIPTION_ID="")
    assert Exit.FINE == ran.code
    assert NAMES == sorted(registry.webhooks())


@pytest.mark.parametrize("app", ["func-app", "/subscriptions/x"])
def test_an_app_that_is_no_id_is_refused(type_: Run, app: str) -> None:
    """Nothing is asked before that."""
    ran = type_("plan", "--app", app)
    assert Exit.PROBLEMS == ran.code
    assert "that is no function app's ARM id" in ran.err


def test_where_azure_is_not_reached_it_is_4(type_: Run) -> None:
    """Asking again may help."""
    nobody = unused_url().replace("http:", "https:")
    ran = type_("plan", "--cloud", nobody)
    assert (Exit.NOT_ASKED, "") == (ran.code, ran.out)
    assert "gave no answer" in ran.err


def test_where_nobody_is_signed_in_it_is_4(
    environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The library's own page of reasons, which it logs, is not shown."""
    monkeypatch.delenv("IDENTITY_ENDPOINT")
    nobody = {"AZURE_TOKEN_CREDENTIALS": "AzureCliCredential", "PATH": ""}
    ran = subprocess.run(
        [sys.executable, "-m", "acr_global", "webhooks", "plan"],
        cwd=ROOT,
        env={**os.environ, **environ, **nobody},
        capture_output=True,
        text=True,
    )
    assert (Exit.NOT_ASKED, "") == (ran.returncode, ran.stdout)
    assert "nobody is signed in here" in ran.stderr
    assert 1 == ran.stderr.count("\n")


def test_a_sign_in_that_is_not_taken_is_4() -> None:
    """The token may have expired; a lasting refusal is 1."""
    at = Place("contoso", "https://arm.example", None, None)
    for expected, status in ((Exit.NOT_ASKED, 401), (Exit.PROBLEMS, 403), (Exit.NOT_ASKED, 503)):
        with pytest.raises(CommandError) as caught, opened(at):
            raise ArmError("no", status=status)
        assert expected == caught.value.exit


def test_a_plan_that_cannot_ask_for_the_key_is_no_plan(type_: Run, rig: LoopbackArm) -> None:
    """Only where the right is missing it does without."""
    rig.fail(rights.READ_KEYS, 500)
    ran = type_("plan")
    assert (Exit.NOT_ASKED, "") == (ran.code, ran.out)
    assert "status 500" in ran.err


def test_another_cloud_is_given_by_its_name() -> None:
    """The names are those of `az cloud list`; the resource manager's URL will do, too."""

    def endpoint(cloud: str | None, **environ: str) -> str:
        return place(environ, "contoso", "s", None, cloud).endpoint

    assert "https://management.azure.com" == endpoint(None)
    assert "https://management.usgovcloudapi.net" == endpoint("azureusgovernment")
    assert "https://arm.example" == endpoint(None, ACR_GLOBAL_ARM_ENDPOINT="https://arm.example/")


def listed_rights() -> list[str]:
    """The rights that the docs list."""
    page = (ROOT / "docs" / "deploying.md").read_text(encoding="utf-8")
    section = page.partition("### What whoever runs them needs")[2].partition("\n#")[0]
    return re.findall(r"`(Microsoft\.[\w./]+)`", section)


def all_commands(type_: Run, registry: Registry) -> list[Ran]:
    """Run all commands from nothing to everything and back, with changes and removals between."""
    registry.add_webhook("byhand", "eastus", f"{URL}/api/ImagePush")
    registry.add_webhook("byhand2", "eastus", f"{URL}/api/ImagePush")
    return [
        type_("apply", "--registry", "contoso"),
        type_("plan", "--registry", "contoso"),
        type_("ping", "--wait", "0"),
        type_("remove", "--yes"),
    ]


def test_the_rights_that_the_docs_list_are_enough(
    type_: Run, rig: LoopbackArm, registry: Registry, site: Site
) -> None:
    """This holds for all four commands."""
    rig.rights = set(listed_rights())
    ran = all_commands(type_, registry)
    assert "is missing" not in "".join(one.out + one.err for one in ran)
    assert (Exit.FINE, Exit.FINE, Exit.FINE) == (ran[0].code, ran[1].code, ran[3].code)


@pytest.mark.parametrize("right", listed_rights())
def test_without_one_right_of_the_docs_something_is_refused(
    type_: Run, rig: LoopbackArm, registry: Registry, site: Site, right: str
) -> None:
    """The message names it, so none of the listed rights is too many."""
    rig.rights = set(listed_rights()) - {right}
    said = "".join(one.out + one.err for one in all_commands(type_, registry))
    assert f"the right {right} is missing" in said
