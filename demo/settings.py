"""The app's settings in the demo."""

from __future__ import annotations

import json
from collections.abc import Iterable

from acr_global_rig.receivers import Receiver, webhook_targets
from acr_global_rig.registry import REGIONS


def settings(receivers: Iterable[Receiver]) -> dict[str, str]:
    """A short deadline, and retries that one can watch."""
    return {
        "ACR_GLOBAL_REGIONS": ", ".join(REGIONS),
        "ACR_GLOBAL_TIMEOUT": "10s",
        "ACR_GLOBAL_LATE_WINDOW": "0",
        "ACR_GLOBAL_RETRY_SCHEDULE": "1s,2s,3s",
        "ACR_GLOBAL_TARGETS": json.dumps(webhook_targets(receivers)),
    }
