"""What infra/ would make: the snapshots, read.

The Bicep compiler makes them and they are kept in the repository, so reading them needs no
compiler; test_bicep.py holds them to the files.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
INFRA = ROOT / "infra"
PARAMETERS = [
    INFRA / "main.bicepparam",
    *sorted((INFRA / "examples").glob("*.bicepparam")),
    *sorted((ROOT / "tests" / "infra").glob("*.bicepparam")),
]


@dataclass(frozen=True)
class Assignment:
    """A role, by the last part of its id, and the one resource on which it is given."""

    role: str
    scope: str


@dataclass(frozen=True)
class Deployment:
    """One parameter file's resources and outputs."""

    document: dict[str, Any]

    def all(self, kind: str) -> list[dict[str, Any]]:
        """Every resource of a type, such as `Microsoft.Web/sites`."""
        return [r for r in self.document["predictedResources"] if r["type"] == kind]

    def the(self, kind: str) -> dict[str, Any]:
        """The only resource of a type."""
        (one,) = self.all(kind)
        return one

    @property
    def app_settings(self) -> dict[str, str]:
        """The app settings by name."""
        listed = self.the("Microsoft.Web/sites")["properties"]["siteConfig"]["appSettings"]
        return {s["name"]: s["value"] for s in listed}

    @property
    def assignments(self) -> list[Assignment]:
        """Every role that is given to the app's identity."""
        return [_assignment(r) for r in self.all("Microsoft.Authorization/roleAssignments")]


def _assignment(resource: dict[str, Any]) -> Assignment:
    """Read one: its id is an expression, because the name holds the identity; its scope is
    plain."""
    scope = re.match(r"\[extensionResourceId\('([^']+)'", resource["id"])
    assert scope, resource["id"]
    assert "reference(" in resource["properties"]["principalId"]
    return Assignment(resource["properties"]["roleDefinitionId"].rsplit("/", 1)[1], scope[1])


def load(name: str) -> Deployment:
    """The deployment of a parameter file, by its name without the ending."""
    (path,) = [p for p in PARAMETERS if p.stem == name]
    return Deployment(json.loads(path.with_suffix(".snapshot.json").read_text()))


EVERY = [p.stem for p in PARAMETERS]
