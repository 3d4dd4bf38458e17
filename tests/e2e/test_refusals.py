"""The real engine refuses what tests/devhost/refusals.py says, in those words."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from acr_global_rig import engine
from tests.devhost.refusals import APP, REFUSALS, Refusal

CASES = [each for each in REFUSALS if each.engine]
AT_ONCE = 3
ENDS_WITHIN = 60.0
"""Seconds from the start to the refusal: 3, when the machine has nothing else to do."""

Outcomes = dict[str, Future[tuple[int, str]]]


@pytest.fixture(scope="module")
def outcomes(
    storage: engine.Azurite, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Outcomes]:
    """Exit code and output of each case, started side by side."""

    def start(case: Refusal) -> tuple[int, str]:
        folder = tmp_path_factory.mktemp("refused")
        return refused(folder, case, storage.connection)

    with ThreadPoolExecutor(AT_ONCE) as starting:
        yield {case.name: starting.submit(start, case) for case in CASES}


def refused(folder: Path, case: Refusal, connection: str) -> tuple[int, str]:
    """Start a host on a wrong app or host.json, and wait for its end."""
    document = engine.host_json(engine.new_hub())
    durable = document["extensions"]["durableTask"]
    durable["storageProvider"] |= case.durable.get("storageProvider", {})
    durable |= {key: value for key, value in case.durable.items() if key != "storageProvider"}
    engine.stage(folder, document, APP + case.more)
    host = engine.Host(folder, {"AzureWebJobsStorage": connection})
    host.launch()
    assert host.process is not None
    try:
        return host.process.wait(ENDS_WITHIN), host.log
    finally:
        host.kill()


@pytest.mark.engine
@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_the_engine_refuses_in_these_words(outcomes: Outcomes, case: Refusal) -> None:
    """It says so, and ends with 1."""
    code, log = outcomes[case.name].result()
    assert case.words in " ".join(log.split())
    assert 1 == code
