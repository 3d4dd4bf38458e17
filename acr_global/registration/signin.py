"""How the resource manager is reached: cloud, identity and proxy. Imports the Azure SDK, and only
when it is called.
"""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass
from typing import Any

from acr_global import proxies
from acr_global.registration.refusal import SignInError
from acr_global.registry.question import ARM_ENDPOINT

CONNECT_SECONDS = 10.0
READ_SECONDS = 60.0
"""For one answer; a limit of our own. The SDK's is five minutes."""

LOGIN_SECONDS = 60
"""For `az` to give a token. The SDK's own is 10, which a busy machine takes to start it."""


@dataclass(frozen=True, slots=True)
class Cloud:
    """One cloud's resource manager, and where people sign in to it."""

    endpoint: str
    """Scheme, host and port."""
    authority: str | None
    """None: not known here, so AZURE_AUTHORITY_HOST counts."""


CLOUDS = {
    "AzureCloud": Cloud(ARM_ENDPOINT, "https://login.microsoftonline.com"),
    "AzureChinaCloud": Cloud(
        "https://management.chinacloudapi.cn", "https://login.chinacloudapi.cn"
    ),
    "AzureUSGovernment": Cloud(
        "https://management.usgovcloudapi.net", "https://login.microsoftonline.us"
    ),
}
"""By the names that `az cloud list` gives them. Source: azure-identity 1.27, AzureAuthorityHosts,
and azure-mgmt-core 1.6, get_arm_endpoints."""


def cloud_at(endpoint: str) -> Cloud:
    """The cloud whose resource manager is there."""
    place = endpoint.rstrip("/")
    return next((c for c in CLOUDS.values() if c.endpoint == place), Cloud(place, None))


def open_credential(cloud: Cloud, tenant: str | None) -> Any:
    """The credential of this machine: a service principal in the environment, a managed identity,
    or the login of az, azd or PowerShell. Raises SignInError where the package is missing.
    """
    try:
        from azure.identity import DefaultAzureCredential
    except ImportError:
        raise SignInError("azure-identity is not installed") from None
    _keep_quiet()
    known = {"authority": cloud.authority} if cloud.authority else {}
    if cloud.authority is None:
        # Microsoft's discovery does not know other clouds.
        known["disable_instance_discovery"] = True  # type: ignore[assignment] # options of any kind
    credential = DefaultAzureCredential(
        transport=open_transport(),
        use_env_settings=False,
        additionally_allowed_tenants=["*"] if tenant else [],
        process_timeout=LOGIN_SECONDS,
        **known,
    )
    return _InTenant(credential, tenant) if tenant else credential


class _InTenant:
    """A credential that asks for tokens of one tenant."""

    def __init__(self, credential: Any, tenant: str):
        self._credential, self._tenant = credential, tenant

    def get_token(self, *scopes: str, **options: Any) -> Any:
        """A token; raises the SDK's errors."""
        return self._credential.get_token(*scopes, **{**options, "tenant_id": self._tenant})

    def close(self) -> None:
        """Close its connections."""
        self._credential.close()


def open_transport() -> Any:
    """A transport for one client or credential, which closes it. It takes proxies (see proxies.py)
    and trusted certificates from the environment, and reads no .netrc."""
    from azure.core.pipeline.transport import RequestsTransport

    class Transport(RequestsTransport):  # type: ignore[misc] # its type is not told
        """The SDK's transport, with our proxy for each URL."""

        def send(self, request: Any, **options: Any) -> Any:
            """Send one request. Raises ProxyError, and the SDK's errors."""
            way = proxies.as_option(request.url, os.environ)
            return super().send(request, **{**options, "proxies": way})

    trusted = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("SSL_CERT_FILE") or True
    return Transport(
        use_env_settings=False,
        connection_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        connection_verify=trusted,
    )


def _keep_quiet() -> None:
    """Silence the libraries' logs at the terminal: we report each failure once."""
    for name in ("azure", "msal"):
        logging.getLogger(name).addHandler(logging.NullHandler())
