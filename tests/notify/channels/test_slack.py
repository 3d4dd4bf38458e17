"""The channel `slack`: its blocks, judged by the library's models, and what answers mean."""

from __future__ import annotations

import json
from typing import Any

import pytest
from slack_sdk.models.blocks import Block, HeaderBlock, SectionBlock

from acr_global.model import OutboundRequest, Outcome
from acr_global.notify.channels import slack
from tests.notify.samples import NOW, judge

D, R, X = Outcome.DELIVERED, Outcome.RETRY, Outcome.DEAD


SAMPLE: dict[str, Any] = {"url": "https://hooks.slack.test/services/T0/B0/hush"}


def check(request: OutboundRequest) -> None:
    """The library's block models accept the request; no text holds live markup."""
    body = json.loads(request.body)
    blocks = Block.parse_all(body["blocks"])
    assert slack.BLOCKS >= len(blocks)
    for block in blocks:
        block.validate_json()
    header, facts, regions = blocks
    assert isinstance(header, HeaderBlock)
    assert header.text
    assert isinstance(facts, SectionBlock)
    assert isinstance(regions, SectionBlock)
    assert regions.text
    assert slack.HEADER_CHARS >= len(header.text.text or "")
    assert slack.SECTION_CHARS >= len(regions.text.text or "") > 0
    assert slack.FIELDS >= len(facts.fields or [])
    texts = [f.text or "" for f in facts.fields or []]
    assert all(0 < len(text) <= slack.FIELD_CHARS for text in texts)
    assert slack.FALLBACK_CHARS >= len(body["text"])
    for text in [*texts, body["text"], header.text.text or "", regions.text.text or ""]:
        rest = text.replace("&amp;", "").replace("&lt;", "").replace("&gt;", "")
        assert not set("&<>") & set(rest)


@pytest.mark.parametrize(
    ("status", "body", "outcome", "reason"),
    [
        (200, b"ok", D, "delivered"),
        (200, b"OK\n", D, "delivered"),
        (200, b"", D, "delivered"),
        (200, b"thanks", D, "delivered"),
        (200, b'{"ok":true}', D, "delivered"),
        (200, b'{"success":true,"error":null}', D, "delivered"),
        (200, b"[" * 4096, D, "delivered"),
        (200, b"[]", D, "delivered"),
        (200, b'{"ok":false,"error":"channel_not_found"}', X, "slack-channel_not_found"),
        (200, b'{"ok":false,"error":"<b>hush"}', X, "slack-refused"),
        (200, b'{"ok":false}', X, "slack-refused"),
        (200, b'{"success":false,"error":"hush"}', X, "slack-refused"),
        (200, b'{"ok":false,"error":"ratelimited"}', R, "slack-rate-limited"),
        (200, b'{"ok":false,"error":"invalid_auth"}', R, "slack-invalid_auth"),
        (200, b'{"ok":false,"error":"internal_error"}', R, "slack-internal_error"),
        (200, b"no_service", X, "slack-no_service"),
        (200, b'"invalid_payload"\n', X, "slack-invalid_payload"),
        (200, b"No_Active_Hooks", X, "slack-no_active_hooks"),
        (200, b"some_thing_disabled", X, "slack-refused"),
        (200, b"invalid_token", R, "slack-invalid_token"),
        (200, b"rollup_error", R, "slack-rollup_error"),
        (202, b"rate_limited", R, "slack-rate-limited"),
        (200, b"<!DOCTYPE html><html>sign in</html>", R, "answer-page"),
        (200, b"\r\n<!-- Copyright -->\r\n<!-- a > b --><!DOCTYPE html>", R, "answer-page"),
        (200, b'<?xml version="1.0"?>\n<!DOCTYPE html PUBLIC "x">', R, "answer-page"),
        (200, b"<!---->" * 585, D, "delivered"),
        (200, b"<!-- html" * 400, D, "delivered"),
        (200, b"<!-- <html> --> ok", D, "delivered"),
        (400, b"invalid_payload", X, "slack-invalid_payload"),
        (403, b"action_prohibited", R, "slack-action_prohibited"),
        (404, b"no_service\n", X, "slack-no_service"),
        (404, b"<html>secret</html>", R, "http-404"),
        (410, b"channel_is_archived", X, "slack-channel_is_archived"),
        (410, b"", X, "gone"),
        (429, b"", R, "http-429"),
        (500, b"rollup_error", R, "slack-rollup_error"),
    ],
)
def test_slack_s_answers_are_judged(
    status: int, body: bytes, outcome: Outcome, reason: str
) -> None:
    """Slack gives its reason in a word, even with 200; only known words are kept."""
    found = judge("slack", status, {}, body, NOW)
    assert (outcome, reason) == (found.outcome, found.reason)


def test_slack_s_own_limit_keeps_its_wait() -> None:
    """Slack may send a rate limit with a status of 200."""
    found = judge("slack", 200, {"retry-after": "30"}, b"ratelimited", NOW)
    assert (R, 30.0) == (found.outcome, found.retry_after)
