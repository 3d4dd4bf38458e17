"""`doctor` as it is typed, against a running app and a resource manager on loopback."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from acr_global.cli.exits import Exit
from acr_global_rig.arm import SUBSCRIPTION, LoopbackArm
from tests.cli.conftest import Ran, Run
from tests.clinic import Clinic, clinic
from tests.doctor.samples import KEY
from tests.loopback_arm import certificate as certificate
from tests.loopback_arm import rig as rig

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.real_time


async def doctor(run: Run, c: Clinic, *argv: str, **environ: str) -> Ran:
    """Typed with all that it needs in the environment."""
    known = {
        "FUNCTION_APP_URL": c.host.url,
        "FUNCTION_APP_KEY": KEY,
        "ACR_GLOBAL_REGISTRY_ID": c.registry.id,
        "ACR_GLOBAL_ARM_ENDPOINT": c.arm.url,
    }
    return await asyncio.to_thread(run, "doctor", *argv, **(known | environ))


async def test_what_is_well_ends_with_0(run: Run, rig: LoopbackArm) -> None:
    """A line for each check, then how many."""
    async with clinic(rig) as c:
        await c.push()
        ran = await doctor(run, c)
    assert (Exit.FINE, "") == (ran.code, ran.err)
    assert ran.out.endswith("\n\n16 fine, 0 wrong, 0 not known\n")


async def test_what_is_wrong_ends_with_1(run: Run, rig: LoopbackArm) -> None:
    """The findings are JSON here, and no key is in them."""
    async with clinic(rig) as c:
        await c.push()
        c.webhook("eastus", key="hush", query=f"&code={KEY}")
        ran = await doctor(run, c, "--json")
    found = json.loads(ran.out)["findings"]
    assert Exit.PROBLEMS == ran.code
    assert {"webhooks"} == {one["check"] for one in found if one["state"] == "wrong"}
    assert {"check", "state", "said", "mend"} == set(found[0])
    assert [] == [key for key in (KEY, "hush") if key in ran.out + ran.err]


async def test_what_could_not_be_asked_ends_with_4(run: Run, rig: LoopbackArm) -> None:
    """Nothing was wrong, as far as could be seen."""
    async with clinic(rig) as c:
        await c.push()
        rig.rights = {"Microsoft.ContainerRegistry/*"}
        ran = await doctor(run, c)
    assert (Exit.NOT_ASKED, "") == (ran.code, ran.err)
    assert "the right Microsoft.Web/sites/read is missing" in ran.out


async def test_without_a_url_nothing_is_asked(run: Run, rig: LoopbackArm) -> None:
    """It is one line."""
    async with clinic(rig) as c:
        ran = await doctor(run, c, FUNCTION_APP_URL="")
    assert (Exit.USAGE, "", 1) == (ran.code, ran.out, len(ran.err.splitlines()))
    assert [] == rig.asked


async def test_a_registry_may_be_named(run: Run, rig: LoopbackArm) -> None:
    """In a subscription that is said; without one it is said to be missing."""
    async with clinic(rig) as c:
        await c.push()
        named = ("--registry", "contoso")
        ran = await doctor(run, c, *named, "--subscription", SUBSCRIPTION)
        assert Exit.FINE == ran.code
        ran = await doctor(run, c, *named)
    assert (Exit.NOT_ASKED, True) == (ran.code, "no subscription is named" in ran.out)


async def test_a_host_is_no_registrys_name(run: Run, rig: LoopbackArm) -> None:
    """As the commands for webhooks say, instead of looking for it in vain."""
    async with clinic(rig) as c:
        ran = await doctor(run, c, "--registry", "contoso.azurecr.io")
    assert (Exit.USAGE, True) == (ran.code, "not contoso.azurecr.io" in ran.err)


def test_it_ends_at_ctrl_c_whatever_does_not_answer() -> None:
    """Neither the app nor the resource manager is waited for."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        environ = {"FUNCTION_APP_URL": url, "FUNCTION_APP_KEY": KEY, "AZURE_SUBSCRIPTION_ID": "s"}
        environ |= {"IDENTITY_ENDPOINT": url, "IDENTITY_HEADER": "any"}
        environ |= {"AZURE_TOKEN_CREDENTIALS": "ManagedIdentityCredential"}
        process = subprocess.Popen(
            [sys.executable, "-m", "acr_global", "doctor", "--registry", "contoso"],
            cwd=ROOT,
            env=os.environ | environ,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        silent.settimeout(60)
        try:
            # The app's health and diagnosis, and the identity that is to sign in.
            asked = [silent.accept()[0] for _ in range(3)]
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=60)
        finally:
            process.kill()
        for connection in asked:
            connection.close()
    assert (130, b"") == (process.returncode, said)
