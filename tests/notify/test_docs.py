"""docs/channels.md agrees with the code."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from acr_global.notify.channels import KINDS, channel
from acr_global.notify.docs import filled
from acr_global.notify.setting import parse_targets
from acr_global.notify.target import TEMPLATE_NAMES, HttpTarget

TEXT = (Path(__file__).parents[2] / "docs" / "channels.md").read_text("utf-8")
EXAMPLES = re.findall(r"```json\n(.*?)```", TEXT, re.DOTALL)


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_is_a_good_target(example: str) -> None:
    """The only problem that its check may find is a secret that is not set, because readers set
    their own."""
    read = json.loads(example)
    items = read if isinstance(read, list) else [read]
    found, problems = parse_targets(json.dumps(items), {})
    assert len(items) == len(found)
    assert [] == [p for p in problems if "is not set" not in p.message]


def test_each_section_is_its_channels_notes() -> None:
    """`python -m acr_global.notify.docs` writes the page from them."""
    assert filled(TEXT) == TEXT


def test_every_kind_has_its_section_and_example() -> None:
    """No kind can be configured that the page does not describe."""
    for kind in KINDS:
        assert f"\n## {kind}\n" in TEXT
        assert any(f'"kind": "{kind}"' in example for example in EXAMPLES)


def test_every_field_and_template_name_is_described() -> None:
    """Each stands on the page by its exact name."""
    shared = [name for name in HttpTarget.model_fields if name in TEXT]
    assert list(HttpTarget.model_fields) == shared
    for name in TEMPLATE_NAMES:
        assert f"`{name}`" in TEXT
    for kind in KINDS:
        for name in channel(kind).model_fields:
            assert f"`{name}`" in TEXT
