"""Ids of resources, and which action a request needs. Pure."""

from __future__ import annotations

import re

TENANT = "00000000-0000-0000-0000-00000000000a"
SUBSCRIPTION = "00000000-0000-0000-0000-000000000001"
PRINCIPAL = "00000000-0000-0000-0000-00000000000b"

REGISTRIES = "Microsoft.ContainerRegistry/registries"
SITES = "Microsoft.Web/sites"
PLANS = "Microsoft.Web/serverfarms"

VERBS = {"GET": "read", "HEAD": "read", "PUT": "write", "PATCH": "write", "DELETE": "delete"}


def group_id(group: str) -> str:
    """A resource group's id."""
    return f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{group}"


def resource_id(kind: str, name: str, group: str) -> str:
    """The id of a resource of a kind such as `Microsoft.Web/sites`."""
    return f"{group_id(group)}/providers/{kind}/{name}"


def own(path: str) -> list[str]:
    """What follows the last provider: its namespace, then types and names by turns."""
    return path.rpartition("/providers/")[2].split("/")


def type_of(path: str) -> str:
    """A resource's type; of a path without a provider, that of a group."""
    if "/providers/" not in path:
        return "Microsoft.Resources/resourceGroups"
    namespace, *rest = own(path)
    return "/".join([namespace, *rest[::2]])


def split(path: str, kind: str) -> tuple[str, list[str]]:
    """The id of the resource of a kind that a path begins with, and the rest; an empty id where it
    begins with none. Case does not matter."""
    match = re.match(rf"(.*?/providers/{re.escape(kind)}/[^/]+)(?:/(.+))?$", path, re.IGNORECASE)
    return (match[1], match[2].split("/") if match[2] else []) if match else ("", [])


def is_wide(path: str) -> bool:
    """Whether a path lists a subscription's resources of a type: callers see those that they may
    read, and an empty list is no error. Assumed from what users with rights on one group see."""
    return bool(re.fullmatch(r"/subscriptions/[^/]+/providers/[^/]+/[^/]+", path, re.IGNORECASE))


def is_one(path: str) -> bool:
    """Whether a path names one resource, and not a list or an action."""
    return len(own(path) if "/providers/" in path else path.split("/")) % 2 == 1


def action_of(method: str, path: str) -> str:
    """The action that a request needs, as a role lists it.

    Source of the rule, and of the names that do not follow it:
    learn.microsoft.com/azure/role-based-access-control/permissions/containers and /web-and-mobile.
    """
    if "/providers/" not in path:
        return f"Microsoft.Resources/subscriptions/resourceGroups/{VERBS.get(method, 'read')}"
    namespace, *rest = own(path)
    last = rest[-1] if rest else ""
    if last == "listEvents" or (method == "POST" and len(rest) % 2 == 1):
        # The next page of an action's answer is fetched by GET, and needs the same action.
        return "/".join([namespace, *rest[:-1:2], last, "action"])
    return "/".join([namespace, *rest[::2], VERBS.get(method, "action")])
