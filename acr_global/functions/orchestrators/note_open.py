"""`NoteOpen`, an orchestrator that does nothing: its instances are notes of what is open
(noting.py), of which only the input matters, a `wire.OpenNote`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acr_global.functions.durable import names, turns
from acr_global.functions.durable.sdk import App
from acr_global.functions.setup import Setup

if TYPE_CHECKING:
    import azure.durable_functions as df


def register(app: App, setup: Setup) -> None:
    """Add the function. Not journaled: a note that broke off is as good as any."""
    turns.register(app, names.NOTE_OPEN, note_open, None)


def note_open(context: df.DurableOrchestrationContext) -> None:
    """End at once."""
