"""Endpoints, sign-in, subscriptions: what a client asks before it asks for a resource.

Source: the requests of azure-cli 2.91 and azure-identity 1.27. Anybody may sign in.
"""

from __future__ import annotations

import base64
import json
import time

from acr_global_rig.arm.exchange import Json
from acr_global_rig.arm.paths import PRINCIPAL, SUBSCRIPTION, TENANT

IDENTITY = "/msi/token"
"""Where an app asks for its identity's token, in App Service's form (IDENTITY_ENDPOINT)."""


def answer(path: str, url: str) -> Json | None:
    """The answer of a path that needs no token; None for any other path."""
    sign_in = f"{url}/{TENANT}"
    account = {"id": f"/subscriptions/{SUBSCRIPTION}", "subscriptionId": SUBSCRIPTION}
    account |= {"displayName": "loopback", "state": "Enabled", "tenantId": TENANT}
    match path.strip("/").split("/"):
        case ["metadata", "endpoints"]:
            return _endpoints(url)
        case [_, "v2.0", ".well-known", "openid-configuration"]:
            return {
                "issuer": f"{sign_in}/v2.0",
                "authorization_endpoint": f"{sign_in}/oauth2/v2.0/authorize",
                "token_endpoint": f"{sign_in}/oauth2/v2.0/token",
                "device_authorization_endpoint": f"{sign_in}/oauth2/v2.0/devicecode",
            }
        case [_, "oauth2", "v2.0", "token"]:
            return {"token_type": "Bearer", "expires_in": 3600, "access_token": token()}
        case ["msi", "token"]:
            expires = str(int(time.time()) + 3600)
            told = {"token_type": "Bearer", "expires_on": expires, "access_token": token()}
            return told | {"resource": url}
        case ["subscriptions"]:
            return {"value": [account]}
        case ["subscriptions", _]:
            return account
    return None


def token() -> str:
    """An unsigned token that names the caller."""
    claims = {"tid": TENANT, "oid": PRINCIPAL, "exp": int(time.time()) + 3600, "aud": "arm"}
    parts: tuple[Json, ...] = ({"alg": "none", "typ": "JWT"}, claims, {})
    return ".".join(
        base64.urlsafe_b64encode(json.dumps(p).encode()).decode().rstrip("=") for p in parts
    )


def _endpoints(url: str) -> Json:
    sign_in = {"loginEndpoint": url, "audiences": [url], "tenant": "common"}
    everything = ["graphAudience", "graph", "portal", "gallery", "resourceManager", "batch"]
    everything += ["media", "sqlManagement", "vmImageAliasDoc", "microsoftGraphResourceId"]
    return {
        "name": "loopback",
        "authentication": sign_in | {"identityProvider": "AAD"},
        "suffixes": {
            "storage": "core.localhost",
            "keyVaultDns": "vault.localhost",
            "acrLoginServer": "azurecr.localhost",
        },
    } | dict.fromkeys(everything, url)
