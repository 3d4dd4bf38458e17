"""What is pushed, and how its webhooks come in. Pure."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass, field

from acr_global.model import VerdictType
from acr_global_rig.registry import REGIONS


@dataclass(frozen=True, slots=True)
class Report:
    """One webhook of one region."""

    region: str
    at: float = 0.0
    """Seconds after the push began."""


@dataclass(frozen=True, slots=True)
class Push:
    """One image, pushed once."""

    repository: str
    tag: str
    how: str
    """How its webhooks come in, in two words."""
    begins: float
    """Seconds after the start of the demo."""
    reports: tuple[Report, ...]
    late: tuple[str, ...] = field(default=())
    """Regions that report once more when everybody has been told."""

    @property
    def image(self) -> str:
        """`repository:tag`."""
        return f"{self.repository}:{self.tag}"

    @property
    def id(self) -> str:
        """The registry's notification id, the same in all regions."""
        return str(uuid.uuid5(uuid.NAMESPACE_OID, self.image))

    @property
    def digest(self) -> str:
        """The manifest's digest, made up."""
        return "sha256:" + hashlib.sha256(self.image.encode()).hexdigest()

    @property
    def missing(self) -> tuple[str, ...]:
        """Regions that never report."""
        reporting = {r.region for r in self.reports}
        return tuple(region for region in REGIONS if region not in reporting)

    @property
    def verdict(self) -> VerdictType:
        """The one right verdict."""
        return VerdictType.OVERDUE if self.missing else VerdictType.COMPLETE


def _reports(**seconds: float) -> tuple[Report, ...]:
    return tuple(Report(region, at) for region, at in seconds.items())


PUSHES = (
    Push("shop/web", "1.4.0", "in order", 0.0, _reports(westeurope=0, northeurope=0.6, eastus=1.1)),
    Push(
        "shop/api",
        "2.1.0",
        "interleaved",
        1.5,
        _reports(eastus=0, westeurope=0.4, northeurope=0.8),
    ),
    Push(
        "shop/worker",
        "2.1",
        "interleaved",
        1.7,
        _reports(northeurope=0, eastus=0.4, westeurope=0.8),
    ),
    Push("base/python", "12", "all at once", 3.0, _reports(westeurope=0, northeurope=0, eastus=0)),
    Push(
        "shop/cart",
        "7",
        "with repeats",
        3.5,
        (
            Report("westeurope"),
            Report("westeurope"),
            Report("northeurope", 0.1),
            Report("westeurope", 0.2),
            Report("northeurope", 0.3),
            Report("eastus", 0.5),
        ),
        late=("eastus",),
    ),
    # The last to begin: when its deadline has passed, that of all the others has too, and a
    # second verdict on one of them would have been seen.
    Push("shop/mail", "5.0.1", "one silent", 4.5, _reports(westeurope=0, northeurope=0.3)),
)
