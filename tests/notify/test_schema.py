"""docs/message.schema.json fits the messages."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from acr_global.grouping import GroupState
from acr_global.model import VerdictType
from acr_global.notify.group import group_message, trial_group
from acr_global.notify.message import message_of, trial_message
from acr_global.notify.schema import schema_json
from tests.notify.samples import NOW, group, large_report, large_verdict, message

PATH = Path(__file__).parents[2] / "docs" / "message.schema.json"


def test_the_schema_in_docs_is_that_of_the_model() -> None:
    """Regenerate it: `python -m acr_global.notify.schema > docs/message.schema.json`."""
    assert PATH.read_text("utf-8") == schema_json()


def test_the_command_prints_the_schema() -> None:
    """`python -m acr_global.notify.schema` prints it, as its docstring says."""
    command = [sys.executable, "-m", "acr_global.notify.schema"]
    printed = subprocess.run(command, capture_output=True, check=True, cwd=PATH.parents[1])
    assert schema_json() == printed.stdout.decode()


@pytest.mark.parametrize("verdict_type", list(VerdictType))
def test_real_messages_are_valid(verdict_type: VerdictType) -> None:
    """Each verdict, a trial and a large message are valid by the rules of draft 2020-12."""
    validator = jsonschema.Draft202012Validator(json.loads(PATH.read_text("utf-8")))
    told = (message(verdict_type), trial_message(verdict_type, NOW), message_of(large_verdict()))
    for one in told:
        validator.validate(json.loads(one.model_dump_json()))


@pytest.mark.parametrize("state", list(GroupState))
def test_real_messages_of_groups_are_valid(state: GroupState) -> None:
    """They are of a type of their own, which none of a push has."""
    schema = json.loads(PATH.read_text("utf-8"))
    told = (group(state), trial_group(state, NOW), group_message(large_report("日" * 1024)))
    own = schema | {"anyOf": [{"$ref": "#/$defs/GroupMessage"}]}
    for one in told:
        body = json.loads(one.model_dump_json())
        assert "group" == body["type"]
        for one_of in (schema, own):
            jsonschema.Draft202012Validator(one_of).validate(body)
    of_push = json.loads(message().model_dump_json())
    assert not jsonschema.Draft202012Validator(own).is_valid(of_push)


def test_the_schema_says_what_fields_mean() -> None:
    """In the words of the models, so that both stay right."""
    fields = json.loads(PATH.read_text("utf-8"))["$defs"]["GroupMessage"]["properties"]
    assert "How many pushes are not listed." == fields["omitted"]["description"]


@pytest.mark.parametrize("field", ["type", "state", "pushes", "omitted"])
def test_a_group_without_its_fields_is_not_valid(field: str) -> None:
    """A reader may count on all of them."""
    validator = jsonschema.Draft202012Validator(json.loads(PATH.read_text("utf-8")))
    assert not validator.is_valid(json.loads(group().model_dump_json(exclude={field})))


def test_a_message_without_its_verdict_is_not_valid() -> None:
    """The schema refuses a message that lacks a field."""
    validator = jsonschema.Draft202012Validator(json.loads(PATH.read_text("utf-8")))
    lacking = json.loads(message().model_dump_json(exclude={"type"}))
    assert not validator.is_valid(lacking)
