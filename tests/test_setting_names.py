"""Names that look like ours and are none."""

from __future__ import annotations

import pytest

from acr_global.settings import known_names, load_settings


def warnings(name: str) -> list[str]:
    """What is said of a variable of this name; it fails nothing."""
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
def test_what_a_platform_makes_is_not_ours(name: str) -> None:
    """Beside a service that is called like the app there are always some."""
    assert [] == warnings(name)


def test_no_setting_is_taken_for_a_platforms() -> None:
    """A slip in any setting's name is a warning."""
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
def test_another_spelling_is_told_the_right_one(name: str, right: str) -> None:
    """It would be a default without a word."""
    (said,) = warnings(name)
    assert said == f"another spelling, which counts for nothing; the setting is ACR_GLOBAL_{right}"


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("ACR_GLOBAL_TIMEOUTS", "TIMEOUT"),
        ("acr_global_timout", "TIMEOUT"),
        ("ACRGLOBAL_REGION", "REGIONS"),
        ("ACR_GLOBAL_SERVICE", "EVIDENCE"),
    ],
)
def test_a_name_that_is_nearly_ours_is_told_the_nearest(name: str, near: str) -> None:
    """In whatever spelling."""
    assert [f"no such setting; did you mean ACR_GLOBAL_{near}?"] == warnings(name)


@pytest.mark.parametrize("name", ["acrglobal_home", "ACR_TIMEOUT", "GLOBAL_TIMEOUT", "PATH"])
def test_what_is_somebody_elses_is_left_alone(name: str) -> None:
    """Not everything in an environment is for this app."""
    assert [] == warnings(name)
