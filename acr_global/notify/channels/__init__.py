"""The kinds of targets, each in a file of its own: its setting, its request, its answers, and its
section of docs/channels.md (NOTES).

To add one: its file, a line here, and its tests; CONTRIBUTING.md says how.
"""

from __future__ import annotations

from importlib import import_module

from acr_global.notify.target import HttpTarget, LibraryTarget

KINDS = {
    "webhook": f"{__name__}.webhook:WebhookTarget",
    "cloudevents": f"{__name__}.cloudevents:CloudEventsTarget",
    "teams": f"{__name__}.teams:TeamsTarget",
    "slack": f"{__name__}.slack:SlackTarget",
    "github": f"{__name__}.github:GithubTarget",
    "apprise": f"{__name__}.apprise:AppriseTarget",
}
"""Each kind by its name in the settings, in the order of the docs: module and class."""


def channel(kind: str) -> type[HttpTarget] | type[LibraryTarget]:
    """The class of a kind in KINDS; imported only when asked for, because most apps name one or
    two."""
    module, _, name = KINDS[kind].partition(":")
    found: type[HttpTarget] | type[LibraryTarget] = getattr(import_module(module), name)
    return found
