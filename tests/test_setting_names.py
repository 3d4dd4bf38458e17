"""Names of variables that look like settings of the app and are not."""

from __future__ import annotations

import pytest

from acr_global.settings import known_names, load_settings


def warnings(name: str) -> list[str]:
    """The warnings about a variable of this name; it fails nothing."""
    loaded = load_settings({"ACR_GLOBAL_REGIONS": "eastus", name: "hush"})
    assert {(name, "warning")} >= {(p.setting, p.severity) for p in loaded.problems}
    assert "hush" not in str(loaded.problems)
    return [p.message for p in loaded.problems]


@pytest.mark.parametrize(
    "name",
    [
        "ACR_GLOBAL_PORT",
        "ACR_GLOBAL_SERVICE_HOST",
        "ACR_GLOBAL_SERVICE_PORT",
        "ACR_GLOBAL_SERVICE_PORT_HTTP",
        "ACR_GLOBAL_SERVICE_PORT_HTTP_METRICS",
        "ACR_GLOBAL_PORT_80_TCP",
        "ACR_GLOBAL_PORT_80_TCP_ADDR",
        "ACR_GLOBAL_PORT_80_TCP_PORT",
        "ACR_GLOBAL_PORT_80_TCP_PROTO",
        "ACR_GLOBAL_PORT_53_UDP_ADDR",
        "ACR_GLOBAL_CANARY_SERVICE_HOST",
        "ACR_GLOBAL_CANARY_PORT_443_TCP",
        "ACR_GLOBAL_NAME",
        "ACR_GLOBAL_ENV_PATH",
        "acr_global_port",
        "APPSETTING_ACR_GLOBAL_TIMEOUT",
    ],
)
def test_variables_of_a_platform_are_not_ours(name: str) -> None:
    """Kubernetes and others make some for a service that has the app's name."""
    assert [] == warnings(name)


def test_no_setting_is_taken_for_a_platforms() -> None:
    """A typing error in any setting's name still is a warning."""
    for name in known_names():
        assert warnings(name + "S")


@pytest.mark.parametrize(
    ("name", "right"),
    [
        ("acr_global_timeout", "TIMEOUT"),
        ("Acr_Global_Timeout", "TIMEOUT"),
        ("AcrGlobalTimeout", "TIMEOUT"),
        ("ACRGLOBAL_TIMEOUT", "TIMEOUT"),
        ("ACR-GLOBAL-TIMEOUT", "TIMEOUT"),
        ("ACR_GLOBAL__TIMEOUT", "TIMEOUT"),
        ("ACR_GLOBAL:TIMEOUT", "TIMEOUT"),
        ("ACR_GLOBAL_TIMEOUT ", "TIMEOUT"),
        ("\ufeffACR_GLOBAL_TIMEOUT", "TIMEOUT"),
        ("ACR_GLOBAL_LATEWINDOW", "LATE_WINDOW"),
        ("acr.global.late.window", "LATE_WINDOW"),
    ],
)
def test_the_warning_about_another_spelling_names_the_right_one(name: str, right: str) -> None:
    """The default would silently be in force."""
    (said,) = warnings(name)
    assert said == f"another spelling, which counts for nothing; the setting is ACR_GLOBAL_{right}"


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("ACR_GLOBAL_TIMEOUTS", "TIMEOUT"),
        ("acr_global_timout", "TIMEOUT"),
        ("ACRGLOBAL_REGION", "REGIONS"),
        ("ACR_GLOBAL_WINDOW", "LATE_WINDOW"),
    ],
)
def test_the_warning_about_a_similar_name_names_the_nearest(name: str, near: str) -> None:
    """Case does not matter for that."""
    assert [f"no such setting; did you mean ACR_GLOBAL_{near}?"] == warnings(name)


@pytest.mark.parametrize("name", ["ACR_GLOBAL_TYPO", "ACR_GLOBAL_X"])
def test_a_name_that_is_like_none_is_no_setting_either(name: str) -> None:
    """Nothing is guessed then."""
    assert ["no such setting; docs/settings.md has them all"] == warnings(name)


@pytest.mark.parametrize("name", ["acrglobal_home", "ACR_TIMEOUT", "GLOBAL_TIMEOUT", "PATH"])
def test_other_programs_variables_are_no_problem(name: str) -> None:
    """Most variables in an environment are not for this app."""
    assert [] == warnings(name)
