"""The actions that callers of the resource manager must be allowed, one for each request.

Source: learn.microsoft.com/azure/role-based-access-control/permissions, `containers` and
`web-and-mobile`, read 2026-11-26.
"""

from __future__ import annotations

from acr_global.arm_ids import REGISTRIES, SITES

READ_REGISTRY = f"{REGISTRIES}/read"
READ_USAGES = f"{REGISTRIES}/listUsages/read"
READ_REPLICAS = f"{REGISTRIES}/replications/read"
READ_WEBHOOKS = f"{REGISTRIES}/webhooks/read"
READ_CALLBACK = f"{REGISTRIES}/webhooks/getCallbackConfig/action"
READ_EVENTS = f"{REGISTRIES}/webhooks/listEvents/action"
READ_OPERATION = f"{REGISTRIES}/webhooks/operationStatuses/read"
WRITE_WEBHOOK = f"{REGISTRIES}/webhooks/write"
DELETE_WEBHOOK = f"{REGISTRIES}/webhooks/delete"
PING_WEBHOOK = f"{REGISTRIES}/webhooks/ping/action"
READ_SITE = f"{SITES}/read"
READ_FUNCTIONS = f"{SITES}/functions/read"
READ_KEYS = f"{SITES}/functions/listkeys/action"
WRITE_KEY = f"{SITES}/functions/keys/write"
