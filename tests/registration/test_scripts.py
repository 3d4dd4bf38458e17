"""The same by az and by Terraform."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from acr_global.registration.model import Registry
from acr_global.registration.plan import Step, Wanted, plan
from acr_global.registration.scripts import TERRAFORM_TYPE, az_script, terraform
from acr_global.registry.naming import TAG
from tests.registration.test_plan import APP, NORTH, WEST, hook, replica

GOLDEN = Path(__file__).parent / "golden"
SHELLCHECK = Path(sys.executable).with_name("shellcheck")
REGISTRY = Registry(
    "/subscriptions/s/resourceGroups/regs/providers/Microsoft.ContainerRegistry/registries/contoso",
    "contoso",
    "contoso.azurecr.io",
    "westeurope",
    "Premium",
)
ATTRIBUTES = {
    "name",
    "resource_group_name",
    "registry_name",
    "location",
    "service_uri",
    "actions",
    "scope",
    "status",
    "custom_headers",
    "tags",
}
"""All that there are. Source: internal/services/containers/container_registry_webhook_resource.go
in hashicorp/terraform-provider-azurerm, read 2026-11-26."""
REQUIRED = ATTRIBUTES - {"scope", "status", "custom_headers", "tags"}


def steps(**by_hand: Any) -> tuple[Step, ...]:
    """One of each kind: with what else somebody has put at the one that is changed."""
    values: dict[str, Any] = {
        "tags": {TAG: APP.id, "team": "a 'b' ${c}"},
        "headers": {"x-functions-key": "SECRET", "x-gateway": "SECRET"},
        "enabled": False,
    }
    there = [
        hook("northeurope", **(values | by_hand)),
        hook("eastus"),
        hook("brazilsouth"),
    ]
    replicas = [WEST, NORTH, replica("eastus"), replica("southindia")]
    replicas[3] = type(WEST)("southindia", "", "Creating")
    return plan(Wanted(APP, "KEY", ("push", "delete"), "team/*"), replicas, there)


@pytest.mark.parametrize("language", ["az", "terraform"])
def test_it_is_the_golden(language: str) -> None:
    """Read by eye; UPDATE_GOLDEN=1 writes it anew."""
    made = {
        "az": lambda: az_script(APP, REGISTRY, steps()),
        "terraform": lambda: terraform(REGISTRY, "regs", steps()),
    }[language]()
    golden = GOLDEN / {"az": "webhooks.sh", "terraform": "webhooks.tf"}[language]
    if os.environ.get("UPDATE_GOLDEN"):
        golden.write_text(made, encoding="utf-8")
    assert golden.read_text(encoding="utf-8") == made


def test_no_key_is_in_either() -> None:
    """Not the function's, and not what others have put into headers."""
    both = az_script(APP, REGISTRY, steps()) + terraform(REGISTRY, "regs", steps())
    assert not re.search(r"KEY\b(?!\.)", both.replace("x-functions-key=KEY", ""))
    assert "SECRET" not in both


def test_the_header_goes_by_a_file() -> None:
    """Other users can read a command's arguments."""
    script = az_script(APP, REGISTRY, steps())
    assert ['--headers "@$headers"'] * 3 == re.findall(r"--headers \S+", script)


def test_where_nothing_is_to_be_done_the_script_does_nothing() -> None:
    """It says so."""
    assert "# Nothing is to be done." in az_script(
        APP, REGISTRY, plan(Wanted(APP, "KEY"), [WEST], [hook()])
    )


def test_what_has_failed_is_made_anew_by_az_too() -> None:
    """An update of it would be refused."""
    made = az_script(APP, REGISTRY, steps(provisioning_state="Failed"))
    assert "az acr webhook create" in made.partition("# northeurope")[2].splitlines()[2]


def test_shells_read_it(tmp_path: Path) -> None:
    """shellcheck has nothing to say, but for what a tag of others holds."""
    (tmp_path / "webhooks.sh").write_text(az_script(APP, REGISTRY, steps()))
    done = subprocess.run(
        [SHELLCHECK, "--exclude=SC2016", "webhooks.sh"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert "" == done.stdout + done.stderr


def test_a_name_with_a_line_break_ends_no_comment() -> None:
    """Headers' names are whatever somebody has put there."""
    odd = {"x-functions-key": "K", "a\nrm -rf /": "1"}
    assert "\nrm" not in az_script(APP, REGISTRY, steps(headers=odd))
    assert "\nrm" not in terraform(REGISTRY, "regs", steps(headers=odd))


def test_every_attribute_is_one_that_the_provider_has() -> None:
    """No required attribute is missing."""
    text = terraform(REGISTRY, "regs", steps())
    resources = re.findall(rf'^resource "{TERRAFORM_TYPE}" "\w+" {{\n(.*?)^}}', text, re.M | re.S)
    assert 3 == len(resources)
    for resource in resources:
        named = set(re.findall(r"^  (\w+)\s+=", resource, re.M))
        assert set() == named - ATTRIBUTES
        assert set() == REQUIRED - named


def test_terraform_warns_of_its_state() -> None:
    """The warning stands at the top."""
    assert "state holds the function key in clear" in terraform(REGISTRY, "regs", ())[:300]


@pytest.mark.skipif(shutil.which("terraform") is None, reason="needs terraform on PATH")
def test_terraform_reads_the_output(tmp_path: Path) -> None:
    """`terraform fmt` would not change it."""
    (tmp_path / "webhooks.tf").write_text(terraform(REGISTRY, "regs", steps()))
    done = subprocess.run(
        ["terraform", "fmt", "-check", "-diff", str(tmp_path)],
        env={**os.environ, "TF_CLI_CONFIG_FILE": os.devnull, "CHECKPOINT_DISABLE": "1"},
        capture_output=True,
        text=True,
    )
    assert (0, "") == (done.returncode, done.stdout + done.stderr)
