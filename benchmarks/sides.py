"""The two apps that are compared, and one push through either.

`app` is this project. `textbook` is what the Durable Functions samples show: look, start if
absent, raise, 202; one plain POST as the notification (tests/e2e/textbook.py). Both run on the
same local host, get the same webhooks and notify the same kind of receiver.
"""

from __future__ import annotations

import gc
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from acr_global.functions.app import build_app
from acr_global_rig.receivers import Receiver
from acr_global_rig.world import World, world
from tests.e2e.textbook import build_textbook

APP, TEXTBOOK = "app", "textbook"
SIDES: Mapping[str, Callable[[dict[str, str]], Any]] = {APP: build_app, TEXTBOOK: build_textbook}
REGIONS = (
    "westeurope",
    "northeurope",
    "eastus",
    "westus3",
    "japaneast",
    "brazilsouth",
    "uksouth",
    "koreacentral",
    "australiaeast",
    "southeastasia",
    "eastasia",
    "eastus2",
    "centralus",
    "northcentralus",
    "southcentralus",
    "westus",
    "westus2",
    "canadacentral",
    "canadaeast",
    "francecentral",
    "germanywestcentral",
    "norwayeast",
    "switzerlandnorth",
    "swedencentral",
    "polandcentral",
    "italynorth",
    "uaenorth",
    "southafricanorth",
    "centralindia",
    "japanwest",
)
ENVIRON = {
    "ACR_GLOBAL_REGIONS": ",".join(REGIONS[:3]),
    "ACR_GLOBAL_TARGETS": json.dumps(
        [{"name": "ops", "kind": "webhook", "url": "http://127.0.0.1:9/ops"}]
    ),
}


@asynccontextmanager
async def running(side: str, regions: int = 3, **settings: Any) -> AsyncIterator[World]:
    """One of the two apps on loopback, with one receiver; `settings` by short name."""
    gc.collect()
    names = ",".join(REGIONS[:regions])
    async with world(app=SIDES[side], REGIONS=names, **settings) as w:
        yield w


def receiver(w: World) -> Receiver:
    """The receiver that is notified."""
    return w.receivers["ops"]
