"""Input that finds its way by what the code does with it; `make fuzz-guided` runs this, in an
environment that has Atheris: `python -m tests.guided NAME`, and options of libFuzzer's.

What must hold is what the tests marked `fuzz` hold. An input that breaks it is in a file that
libFuzzer names, and where Hypothesis has made it of that, the same test of pytest's finds it again.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

Try = Callable[[bytes], object]


def made(where: str) -> Try:
    """Have Hypothesis make of the bytes what a test asks for. `where`: module and test."""
    module, name = where.split(":")
    test: Any = getattr(import_module(module), name)
    one: Try = test.hypothesis.fuzz_one_input
    return one


def body(data: bytes) -> None:
    """The bytes as they are, posted to an app of each setting."""
    odd = import_module("tests.test_receive_odd")
    check = odd.test_what_is_posted_is_a_push_or_has_a_reason.hypothesis.inner_test
    for settings in odd.SETTINGS:
        check({"region": "eastus"}, data, settings)


NAMES: Mapping[str, str | Try] = {
    "body": body,
    "webhook": "tests.test_receive_odd:test_what_is_posted_is_a_push_or_has_a_reason",
    "settings": "tests.test_settings_odd:test_a_wrong_setting_is_named_and_costs_no_other",
    "targets": "tests.notify.test_setting:test_reading_never_raises",
    "local-settings": "tests.cli.test_local_settings:test_any_file_gives_values_or_one_sentence",
    "scenario": "tests.rig.simulation.test_reading_odd:test_a_file_is_a_scenario_or_has_mistakes",
}
"""What is tried, and how."""

SEEDS = {"body": Path(__file__).with_name("samples")}
"""Input to begin with."""


def trying(name: str) -> Try:
    """What takes bytes, and raises where something does not hold."""
    found = NAMES[name]
    return made(found) if isinstance(found, str) else found


def main(name: str, options: Iterable[str]) -> None:
    """Try one until libFuzzer ends this process."""
    import atheris

    with atheris.instrument_imports(include=["acr_global", "acr_global_rig"]):
        one = trying(name)
        one(b"{}")  # imports what is imported when it is first needed
    atheris.Setup([sys.argv[0], *options], one)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
