"""Microsoft.ContainerRegistry's operations, as far as webhooks and pulls go: Bicep takes any name.

Source: learn.microsoft.com/azure/role-based-access-control/permissions/containers, read 2026-11-26.
"""

from __future__ import annotations

_REGISTRIES = "Microsoft.ContainerRegistry/registries"

ACTIONS = frozenset(
    f"{_REGISTRIES}/{name}"
    for name in (
        "read",
        "pull/read",
        "replications/read",
        "webhooks/read",
        "webhooks/write",
        "webhooks/delete",
        "webhooks/getCallbackConfig/action",
        "webhooks/ping/action",
        "webhooks/listEvents/action",
        "webhooks/operationStatuses/read",
    )
)
DATA_ACTIONS = frozenset(
    f"{_REGISTRIES}/{name}"
    for name in ("repositories/content/read", "repositories/metadata/read", "catalog/read")
)
