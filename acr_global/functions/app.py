"""Settings → app: every function registered, each from the file of its name.

Built from a mapping, so that tests build as many apps as they like. A wrong setting does not
keep the app from loading: it is logged, /api/health names it, it costs what it names, and
instances in flight go on with what they were given.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import azure.functions as func

from acr_global.errors import Problem
from acr_global.functions.activities import (
    ask_members,
    attempt_delivery,
    carry_arrival,
    fire_push_notification,
    gather_evidence,
    hand_over_delivery,
    recall_push,
    tell_group,
)
from acr_global.functions.durable import sdk
from acr_global.functions.durable.journal import Journal, folder_of
from acr_global.functions.http import (
    badge,
    dead_letter,
    dead_letters,
    diagnosis,
    health,
    image_push,
    open_api,
    page_assets,
    page_forms,
    pages,
    push,
    pushes,
    regions,
    replay_dead_letter,
    retry_push,
    sign_in,
    try_target,
)
from acr_global.functions.orchestrators import (
    courier,
    deliver_notification,
    gather_alarms,
    note_open,
    probe_functions,
    wait_for_all_regions,
)
from acr_global.functions.records import tables
from acr_global.functions.records.ledgers import Ledgers, in_memory
from acr_global.functions.recovery import awaking, noting
from acr_global.functions.setup import Announcement, Setup
from acr_global.functions.telemetry import exporting
from acr_global.functions.timers import catch_up, purge_finished, revive_interrupted
from acr_global.settings import load_settings

FUNCTIONS = (
    image_push,
    health,
    dead_letters,
    dead_letter,
    replay_dead_letter,
    try_target,
    pushes,
    push,
    retry_push,
    regions,
    open_api,
    badge,
    diagnosis,
    wait_for_all_regions,
    courier,
    deliver_notification,
    note_open,
    probe_functions,
    gather_alarms,
    fire_push_notification,
    hand_over_delivery,
    attempt_delivery,
    tell_group,
    ask_members,
    gather_evidence,
    recall_push,
    carry_arrival,
    revive_interrupted,
    purge_finished,
    catch_up,
)

PAGES = (pages, page_forms, page_assets, sign_in)
"""Not there where the pages are off."""


def build_deployed(environ: Mapping[str, str]) -> sdk.App:
    """The app as a process of its own, which resumes what its predecessor died in, and notes what
    others must resume should its machine be gone."""
    journal = Journal()
    # Where no storage is named, all ends with the host: a journal would tell of what is gone.
    if tables.place_of(environ):
        folder = folder_of(Path.cwd(), environ.get(tables.SETTING, ""))
        journal = Journal(folder)
        awaking.awake(journal, folder)
    noting.keep_noting(journal)
    problems = exporting.set_up(environ)
    ledgers = tables.deployed(environ)
    return build_app(environ, journal=journal, ledgers=ledgers, problems=problems)


def build_app(
    environ: Mapping[str, str],
    credential: Any = None,
    journal: Journal | None = None,
    ledgers: Ledgers | None = None,
    problems: tuple[Problem, ...] = (),
) -> sdk.App:
    """The whole app, from its settings.

    `credential` is what it shows the registry when it asks for evidence: an async Azure
    credential; None for the app's own identity (in Azure a managed one). `journal`: where
    this process notes the turns it is in; None for one in memory only. `ledgers`: where pushes are
    listed; None for memory. `problems`: what else is known not to work.
    """
    sdk.silence_repeats()
    loaded = load_settings(environ)
    loaded = replace(loaded, problems=loaded.problems + problems)
    places = journal or Journal(), ledgers or in_memory()
    setup = Setup(loaded, environ, Announcement(loaded), *places, credential)
    setup.announce()
    app = sdk.App(http_auth_level=func.AuthLevel.FUNCTION)
    for function in (*FUNCTIONS, *(PAGES if loaded.settings.ui != "off" else ())):
        function.register(app, setup)
    return app
