"""The app or the platform knows every app setting, and none holds a secret in clear."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from acr_global.settings import known_names, load_settings
from tests.infra.deployment import EVERY, ROOT, load

HOST_JSON = "AzureFunctionsJobHost__"
SOMETIMES = {
    # learn.microsoft.com/azure/azure-functions/opentelemetry-howto; the second in the worker's
    # source: github.com/Azure/azure-functions-python-worker
    "PYTHON_APPLICATIONINSIGHTS_ENABLE_TELEMETRY",
    "PYTHON_APPLICATIONINSIGHTS_LOGGER_NAME",
    # learn.microsoft.com/azure/azure-functions/durable/durable-task-scheduler
    "DURABLE_TASK_SCHEDULER_CONNECTION_STRING",
    # learn.microsoft.com/azure/app-service/configure-authentication-provider-aad
    "OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID",
}
ALWAYS = {
    # learn.microsoft.com/azure/azure-functions/functions-reference, Connecting to host storage with
    # an identity; functions-app-settings; azure-monitor/app/azure-ad-authentication
    "AzureWebJobsStorage__accountName",
    "AzureWebJobsStorage__credential",
    "AzureWebJobsStorage__clientId",
    "APPLICATIONINSIGHTS_CONNECTION_STRING",
    "APPLICATIONINSIGHTS_AUTHENTICATION_STRING",
    # azure-identity, DefaultAzureCredential: which managed identity
    "AZURE_CLIENT_ID",
}
SECRET = re.compile(r"AccountKey=|SharedAccess|sig=|whsec_|InstrumentationKey=")
REFERENCE = re.compile(r"@Microsoft\.KeyVault\(VaultName=[a-z0-9-]{3,24};SecretName=[\w-]+\)")


@pytest.fixture(params=EVERY)
def settings(request: pytest.FixtureRequest) -> dict[str, str]:
    """Each parameter file's app settings."""
    return load(request.param).app_settings


def referenced(settings: dict[str, str]) -> set[str]:
    """The settings that hold a reference to the vault."""
    return {name for name, value in settings.items() if REFERENCE.fullmatch(value)}


def test_each_app_setting_is_known(settings: dict[str, str]) -> None:
    """It is one of the app's, the platform's, host.json's, or one that a target refers to."""
    unknown = set(settings) - set(known_names()) - ALWAYS - SOMETIMES - referenced(settings)
    assert set() == {name for name in unknown if not name.startswith(HOST_JSON)}


def test_the_app_finds_no_problem_in_its_settings(settings: dict[str, str]) -> None:
    """Read as at its start, they give regions, and every secret is there."""
    in_vault = {"HOOK_SECRET": "whsec_" + "A" * 32, "SLACK_URL": "https://receiver.example/"}
    loaded = load_settings(settings | {name: in_vault[name] for name in referenced(settings)})
    assert () == loaded.problems
    assert loaded.settings.all_regions()


def test_nothing_is_caught_up_where_the_right_to_read_the_log_is_not_given() -> None:
    """It goes with the evidence `event-log`."""
    off = {name: load(name).app_settings.get("ACR_GLOBAL_CATCH_UP") for name in EVERY}
    for name in EVERY:
        without = "event-log" not in load(name).app_settings.get("ACR_GLOBAL_EVIDENCE", "event-log")
        assert ("0" if without else None) == off[name]
    assert {"0", None} == set(off.values())


def test_the_platforms_settings_are_there(settings: dict[str, str]) -> None:
    """Storage is reached by identity: all three settings, and no connection string beside them."""
    assert set(settings) >= ALWAYS
    assert "managedidentity" == settings["AzureWebJobsStorage__credential"]
    assert "AzureWebJobsStorage" not in settings
    told = settings["APPLICATIONINSIGHTS_AUTHENTICATION_STRING"]
    assert "ClientId={0};Authorization=AAD'" in told  # nothing after it: a semicolon breaks it


def test_no_app_setting_holds_a_secret(settings: dict[str, str]) -> None:
    """Receivers' secrets are references, which a target names."""
    for name, value in settings.items():
        assert not re.search(r"AccountKey=|SharedAccess|sig=|whsec_|InstrumentationKey=", value), (
            name
        )
    for target in json.loads(settings.get("ACR_GLOBAL_TARGETS", "[]")):
        for secret in target.get("secrets", []):
            assert secret["$secret"] in referenced(settings)


def into_host_json(settings: dict[str, str]) -> dict[str, Any]:
    """host.json as the host sees it, with the app settings that override it."""
    document: dict[str, Any] = json.loads((ROOT / "host.json").read_text())
    for name, value in settings.items():
        if name.startswith(HOST_JSON):
            *path, last = name.removeprefix(HOST_JSON).split("__")
            place = document
            for part in path:
                place = place[part]  # a path that host.json has: a slip of the pen is an error
            place[last] = value
    return document


def test_the_schedulers_settings_arrive_in_host_json() -> None:
    """They are the backend, the name of the connection's setting, and the hub that was made."""
    deployment = load("private")
    durable = into_host_json(deployment.app_settings)["extensions"]["durableTask"]
    provider = durable["storageProvider"]
    assert "azureManaged" == provider["type"]
    connection = deployment.app_settings[provider["connectionStringName"]]
    assert "Endpoint={0};Authentication=ManagedIdentity;ClientID={1}" in connection
    hub = deployment.the("Microsoft.DurableTask/schedulers/taskHubs")["name"].rsplit("/", 1)[1]
    assert hub == durable["hubName"]


def test_on_storage_only_the_hub_is_overridden() -> None:
    """The rest is that of host.json."""
    durable = into_host_json(load("smallest").app_settings)["extensions"]["durableTask"]
    assert json.loads((ROOT / "host.json").read_text())["extensions"]["durableTask"] == durable


def test_webhooks_find_an_instance_that_runs() -> None:
    """The registry waits only 5 s for an answer."""
    for name in EVERY:
        properties = load(name).the("Microsoft.Web/sites")["properties"]
        ready = properties["functionAppConfig"]["scaleAndConcurrency"]["alwaysReady"]
        assert {"http", "durable"} == {g["name"] for g in ready if g["instanceCount"] >= 1}
