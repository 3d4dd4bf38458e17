"""The message's JSON Schema: `python -m acr_global.notify.schema > docs/message.schema.json`."""

from __future__ import annotations

import json
import sys

from pydantic import TypeAdapter

from acr_global.meanings import meanings, with_parts
from acr_global.model import Message
from acr_global.notify.notice import GroupMessage, Notice


def schema_json() -> str:
    """The schema of the body of a `webhook` target, as it stands in docs/message.schema.json: a
    message about one push, or about a group of them."""
    schema = TypeAdapter[Notice](Notice).json_schema(mode="serialization")
    for kind in with_parts((Message, GroupMessage)):
        for name, text in meanings(kind).items():
            schema["$defs"][kind.__name__]["properties"][name]["description"] = text
    dialect = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    return json.dumps(dialect | schema, indent=2) + "\n"


if __name__ == "__main__":  # pragma: no cover - a test runs it in a process of its own
    sys.stdout.write(schema_json())
