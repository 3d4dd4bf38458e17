"""Who may see the pages: people of one tenant by an app registration, where one is named."""

from __future__ import annotations

from typing import Any

from tests.infra.deployment import EVERY, load

REGISTRATION = "44444444-4444-4444-4444-444444444444"
WITH = "private"


def by_entra() -> Any:
    """The settings of App Service Authentication."""
    return load(WITH).the("Microsoft.Web/sites/config")["properties"]


def test_without_a_registration_a_key_is_asked_for() -> None:
    """App Service Authentication is as it was, and the app goes by its default."""
    for name in EVERY:
        if name != WITH:
            assert [] == load(name).all("Microsoft.Web/sites/config")
            assert "ACR_GLOBAL_UI" not in load(name).app_settings


def test_with_one_the_app_goes_by_app_service() -> None:
    """Which is on then."""
    assert "app-service" == load(WITH).app_settings["ACR_GLOBAL_UI"]
    assert by_entra()["platform"]["enabled"] is True


def test_webhooks_and_commands_still_come_in_by_key() -> None:
    """App Service lets requests pass that nobody has signed in for; no path is excepted, because
    on such a path it might pass a principal on that it has not made."""
    validation = by_entra()["globalValidation"]
    given = {"requireAuthentication": False, "unauthenticatedClientAction": "AllowAnonymous"}
    assert given == validation


def test_one_registration_of_one_tenant_signs_in() -> None:
    """No other provider does, and no other app's token counts."""
    (provider,) = by_entra()["identityProviders"].items()
    name, entra = provider
    assert "azureActiveDirectory" == name
    assert REGISTRATION == entra["registration"]["clientId"]
    assert "tenant().tenantId" in entra["registration"]["openIdIssuer"]
    assert [REGISTRATION] == entra["validation"]["allowedAudiences"]
    policy = entra["validation"]["defaultAuthorizationPolicy"]
    assert {"allowedApplications": [REGISTRATION]} == policy


def test_no_secret_is_needed_or_kept() -> None:
    """The app's identity stands in for a client secret, and the provider's tokens are dropped."""
    name = by_entra()["identityProviders"]["azureActiveDirectory"]["registration"][
        "clientSecretSettingName"
    ]
    assert load(WITH).app_settings[name] == load(WITH).app_settings["AzureWebJobsStorage__clientId"]
    assert by_entra()["login"]["tokenStore"]["enabled"] is False


def test_a_sign_in_lasts_as_long_as_a_session() -> None:
    """So who is shut out is out within the hour."""
    expiry = {"convention": "FixedTime", "timeToExpiration": "01:00:00"}
    assert expiry == by_entra()["login"]["cookieExpiration"]
