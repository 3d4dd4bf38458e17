"""The OpenAPI document: valid, whole, and what docs/openapi.json holds."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import azure.functions as func
from openapi_spec_validator import OpenAPIV31SpecValidator

from acr_global import openapi
from acr_global.functions.app import build_app
from acr_global.functions.durable.names import pages
from acr_global.operations import OPERATIONS
from acr_global.payload import Event

SETTINGS = {"ACR_GLOBAL_REGIONS": "eastus", "ACR_GLOBAL_BADGE": "*"}
ROOT = Path(__file__).parents[1]
PATHS: dict[str, Any] = openapi.document()["paths"]
SCHEMAS: dict[str, Any] = openapi.document()["components"]["schemas"]


def test_the_document_is_valid() -> None:
    """By the specification's own schema and rules."""
    assert [] == list(OpenAPIV31SpecValidator(openapi.document()).iter_errors())


def test_the_document_in_the_docs_is_what_is_served() -> None:
    """docs/openapi.json is what `python -m acr_global.openapi` prints."""
    assert (ROOT / "docs/openapi.json").read_text(encoding="utf-8") == openapi.text()
    assert openapi.document() == json.loads(openapi.text())


def test_every_function_that_answers_is_in_the_document() -> None:
    """With its path, method and key; HEAD and the pages for people are no part of it."""
    found = {}
    functions: list[Any] = build_app(SETTINGS).get_functions()
    for function in functions:
        name, trigger = function.get_function_name(), function.get_trigger().get_dict_repr()
        if trigger["type"] == "httpTrigger" and name not in pages():
            (method,) = (m for m in trigger["methods"] if str(m) != "HEAD")
            path = f"/api/{trigger['route']}".replace("{*image}", "{image}.svg")
            found[name] = (str(method), path, trigger["authLevel"] == func.AuthLevel.FUNCTION)
    assert found == {o.function: (o.method, o.path, o.key) for o in OPERATIONS}


def test_a_field_that_is_always_there_is_required() -> None:
    """Also one with a default, for it is in each answer; never one that may be left out."""
    assert ["status", "push", "region"] == SCHEMAS["Accepted"]["required"]
    push = SCHEMAS["Push"]
    assert {"id", "undelivered", "missing"} <= set(push["required"]) < set(push["properties"])
    assert "required" not in SCHEMAS["Artifact"]


def test_models_and_fields_are_explained() -> None:
    """By their docstrings, those of base models included."""
    assert "One page of the list." == SCHEMAS["DeadLetters"]["description"]
    assert "Id of the push." == SCHEMAS["DeadLetter"]["properties"]["push"]["description"]
    assert [] == [name for name, schema in SCHEMAS.items() if not schema.get("description")]


def test_every_status_says_what_comes_with_it() -> None:
    """One of several models, an error, or nothing where the host refuses a key."""
    answers = PATHS["/api/ImagePush"]["post"]["responses"]
    kinds = answers["400"]["content"]["application/json"]["schema"]["anyOf"]
    assert ["Envelope", "Error"] == [kind["$ref"].rpartition("/")[2] for kind in kinds]
    assert "content" not in answers["401"]
    badge = PATHS["/api/badge/{registry}/{image}.svg"]["get"]["responses"]
    assert ["image/svg+xml"] == list(badge["200"]["content"])
    assert {"304", "404"} == {status for status in badge if "content" not in badge[status]}
    assert [] == PATHS["/api/health"]["get"]["security"]
    assert {"200", "503"} == PATHS["/api/health"]["get"]["responses"].keys()


def test_an_answer_leads_to_what_it_names() -> None:
    """Each link is to an operation with that parameter in its path."""
    links = PATHS["/api/pushes"]["get"]["responses"]["200"]["links"]
    named = {"id": "$response.body#/pushes/0/id"}
    assert {"Push": named, "RetryPush": named} == {n: one["parameters"] for n, one in links.items()}
    names = {operation.function for operation in OPERATIONS}
    assert names >= {name for o in OPERATIONS for link in o.links for name in link.functions}


def test_an_event_that_is_described_is_one_that_is_read() -> None:
    """Every field that is read is in the description."""
    fields = SCHEMAS["PostedEvent"]["properties"]
    assert set(Event.model_fields) == set(fields)
    assert "mediaType" in SCHEMAS["EventTarget"]["properties"]
    assert re.fullmatch(r"3\.1\.\d", openapi.document()["openapi"])
