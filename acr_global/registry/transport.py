"""How the Azure SDK sends: as we do, with proxies of the environment and no credentials of it."""

from __future__ import annotations

from typing import Any

from acr_global import outgoing


def open_transport() -> Any:
    """A transport for one client or credential, which closes it. Imports the SDK."""
    from azure.core.pipeline.transport import AioHttpTransport

    class Transport(AioHttpTransport):  # type: ignore[misc] # its type is not told
        """The SDK's own, without the environment, and with our way to each URL."""

        async def send(self, request: Any, **options: Any) -> Any:
            """Send one request. Raises ProxyError, and the SDK's errors."""
            way, for_proxy = outgoing.route(request.url)
            request.headers.update(for_proxy)
            return await super().send(request, **{**options, "proxies": None, **way})

    return Transport(use_env_settings=False)
