"""The channel `teams`: its cards, judged by the library's models, and what answers mean."""

from __future__ import annotations

import json
from typing import Any

import pytest
from microsoft_teams.cards import AdaptiveCard

from acr_global.model import OutboundRequest, Outcome
from acr_global.notify.channels import teams
from tests.notify.samples import NOW, judge, message, render, target

D, R, X = Outcome.DELIVERED, Outcome.RETRY, Outcome.DEAD


SAMPLE: dict[str, Any] = {"url": "https://flow.test/hidden?sig=hush"}


def check(request: OutboundRequest) -> None:
    """The library's card models read the card and write the same; no text in it is Markdown."""
    assert teams.BODY_BYTES >= len(request.body)
    envelope = json.loads(request.body)
    content = envelope["attachments"][0]["content"]
    card = AdaptiveCard.model_validate(content)
    again = json.loads(card.model_dump_json(by_alias=True, exclude_none=True))
    assert content == {k: again.get(k) for k in content}
    assert "1.2" == content["version"], "phones show no newer card"
    seen = set(json_types(content))
    assert {"AdaptiveCard", "Container", "RichTextBlock", "TextRun"} == seen


def json_types(value: Any) -> list[str]:
    """The `type` of each of a card's elements."""
    if isinstance(value, list):
        return [t for part in value for t in json_types(part)]
    if isinstance(value, dict):
        own = [value["type"]] if "type" in value else []
        return own + [t for part in value.values() for t in json_types(part)]
    return []


CONNECTOR = "Webhook message delivery failed with error: Microsoft Teams endpoint returned "


@pytest.mark.parametrize(
    ("status", "body", "outcome", "reason"),
    [
        (400, '{"error":{"code":"WorkflowTriggerIsNotEnabled"}}', R, "teams-workflow-off"),
        (400, '{"error":{"code":"TriggerInputSchemaMismatch"}}', X, "http-400"),
        (200, "1", D, "delivered"),
        (200, "", D, "delivered"),
        (202, "", D, "delivered"),
        (200, "ok", D, "delivered"),
        (202, '{"id": "08585", "status": "accepted"}', D, "delivered"),
        (200, '{"version":"1.1","statusCode":200,"isSuccessStatusCode":true}', D, "delivered"),
        (200, '{"type":"message","text":"delivery failed: HTTP error 429"}', D, "delivered"),
        (200, '[{"text":"delivery failed"}]', D, "delivered"),
        (200, '{"text":"delivery failed', D, "delivered"),
        (200, CONNECTOR + "HTTP error 429 with ContextId tcid=0,server=x", R, "teams-http-429"),
        (200, CONNECTOR + "HTTP error 503 with ContextId 01=2..", R, "teams-http-503"),
        (202, CONNECTOR.upper() + "http Error: 500", R, "teams-http-500"),
        (200, f'"{CONNECTOR}HTTP error 504"', R, "teams-http-504"),
        (200, "Microsoft Teams endpoint returned HTTP error 404", R, "teams-http-404"),
        (200, CONNECTOR + "HTTP error 413 with ContextId", X, "teams-http-413"),
        (200, CONNECTOR + "HTTP error 400 with ContextId tcid=3851", X, "teams-http-400"),
        (200, CONNECTOR + "HTTP error 410", X, "teams-http-410"),
        (200, CONNECTOR + "HTTP error 403", R, "teams-http-403"),
        (
            200,
            "Webhook message delivery failed with error: Error contacting Microsoft Teams endpoint",
            R,
            "teams-failed",
        ),
        (200, "Bad payload received by generic incoming webhook.", R, "teams-failed"),
        (200, "Request was throttled", R, "teams-failed"),
        (200, '{"error":{"code":"429","message":"hush"}}', R, "teams-http-429"),
        (200, '{"error":{"code":"WorkflowTriggerIsNotEnabled"}}', R, "teams-failed"),
        (200, '{"status": 400, "body": "Invalid type"}', X, "teams-http-400"),
        (200, f'{{"message": "{CONNECTOR}HTTP error 429"}}', R, "teams-http-429"),
        (200, '{"message": "posted", "status": "ok"}', D, "delivered"),
        (200, "\ufeff" + CONNECTOR + "HTTP error 502", R, "teams-http-502"),
        (200, CONNECTOR + "HTTP error TooManyRequests", R, "teams-failed"),
        (200, '{"statusCode":502,"isSuccessStatusCode":false}', R, "teams-http-502"),
        (200, "<html><body>Sign in</body></html>", R, "answer-page"),
        (429, CONNECTOR + "HTTP error 404", R, "http-429"),
    ],
)
def test_teams_answers_are_judged(status: int, body: str, outcome: Outcome, reason: str) -> None:
    """A success may say in its body that it failed; a body that echoes our card is a success."""
    found = judge("teams", status, {}, body.encode(), NOW)
    assert (outcome, reason, status) == (found.outcome, found.reason, found.status)


def test_a_refused_key_inside_of_a_success_is_tried_once_more() -> None:
    """It counts like a status of its own, and so does a wait beside it."""
    assert judge("teams", 200, {}, f"{CONNECTOR}HTTP error 401".encode(), NOW).once_more
    limited = judge("teams", 200, {"retry-after": "9"}, f"{CONNECTOR}HTTP error 429".encode(), NOW)
    assert 9.0 == limited.retry_after


FLOW = "https://a.b.environment.api.powerplatform.com:443/powerautomate/automations/direct/x/invoke"
LOGIC_APP = "https://prod-1.westeurope.logic.azure.com/workflows/x/triggers/manual/paths/invoke"


@pytest.mark.parametrize(
    ("url", "headers"),
    [
        (f"{FLOW}?api-version=1&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig=hush", {}),
        (f"{LOGIC_APP}?api-version=2016-06-01", {"authorization": "Bearer hush"}),
        ("https://relay.test/workflows", {}),
    ],
)
def test_a_workflow_is_shown_one_proof(url: str, headers: dict[str, str]) -> None:
    """The signature in its URL, or a token; other hosts have ways of their own."""
    assert url == render(message(), target("teams", url=url, headers=headers)).url
