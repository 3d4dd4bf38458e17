"""The OpenAPI document as the app serves it, and what it answers by it; on both hosts."""

from __future__ import annotations

from typing import Any

from jsonschema import Draft202012Validator

from acr_global.operations import OPERATIONS
from tests.e2e.scene import Scene, both
from tests.e2e.test_scenes_pushes import once_listed


def problems(document: Any, operation: Any, status: int, body: Any) -> list[str]:
    """What of an answer is not as the document says."""
    answer = operation["responses"].get(str(status))
    if answer is None:
        return [f"{status} is not described"]
    schema = answer["content"]["application/json"]["schema"]
    whole = {**schema, "components": document["components"]}
    return [error.message for error in Draft202012Validator(whole).iter_errors(body)]


@both()
async def test_every_request_is_answered_as_the_document_says(s: Scene) -> None:
    """Once each, of a push and a target that are there."""
    status, document = await s.call("GET", "api/openapi.json")
    assert 200 == status
    await s.push()
    await once_listed(s, "complete")
    named = {"targets": "ops", "pushes": s.push_id(), "deadletters": "_delivery.none"}
    for operation in OPERATIONS:
        if operation.function == "Badge":  # there is none with these settings
            continue
        path = operation.path.removeprefix("/").format_map(dict.fromkeys(["id", "name"], "{}"))
        status, body = await s.call(operation.method, path.format(named.get(path.split("/")[1])))
        described = document["paths"][operation.path][operation.method.lower()]
        assert [] == problems(document, described, status, body), operation.line
