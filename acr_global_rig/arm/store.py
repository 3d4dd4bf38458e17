"""The resource manager's resources by id; callers hold the lock."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from acr_global_rig.arm.exchange import Json
from acr_global_rig.arm.paths import type_of


class Store:
    """Resources; ids are compared without regard to case."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self._kept: dict[str, Json] = {}

    def put(self, path: str, resource: Mapping[str, Any]) -> Json:
        """Keep a resource, with id, name and type from its path."""
        about = {"id": path, "name": path.rsplit("/", 1)[-1], "type": type_of(path)}
        kept = {"properties": {}, **about, **resource}
        self._kept[path.lower()] = kept
        return kept

    def get(self, path: str) -> Json | None:
        """A resource; None where it is not there."""
        return self._kept.get(path.lower())

    def remove(self, path: str) -> bool:
        """Remove a resource and what lies below it; whether there was any."""
        found = [key for key in self._kept if (key + "/").startswith(path.lower() + "/")]
        for key in found:
            del self._kept[key]
        return bool(found)

    def below(self, path: str) -> list[Json]:
        """The resources directly below the path of a list, in the order they came."""
        prefix = path.lower() + "/"
        found = [(k.removeprefix(prefix), v) for k, v in self._kept.items() if k.startswith(prefix)]
        return [resource for rest, resource in found if "/" not in rest]

    def within(self, path: str, kind: str) -> list[Json]:
        """Every resource of a type, in the group or subscription that the path of a list names."""
        scope = path.lower().partition("/providers/")[0].removesuffix("/resources") + "/"
        found = [r for k, r in self._kept.items() if k.startswith(scope)]
        return [r for r in found if str(r["type"]).lower() == kind.lower()]

    def ids(self) -> list[str]:
        """The ids of all resources."""
        return [str(resource["id"]) for resource in self._kept.values()]

    def clear(self) -> None:
        """Forget everything."""
        self._kept.clear()
