"""Signatures, verified by the reference library."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from acr_global.notify.signing import signature_headers
from acr_global.secret import signing_key
from tests.notify.samples import OLD_SECRET, SECRET


def test_the_specifications_example_is_reproduced() -> None:
    """The published example comes out byte for byte."""
    headers = signature_headers(
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        datetime.fromtimestamp(1614265330, UTC),
        b'{"test": 2432232314}',
        [signing_key("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")],
    )
    assert {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    } == headers


@given(st.binary(min_size=24, max_size=64), st.dictionaries(st.text(), st.text()))
def test_the_reference_library_verifies(key: bytes, content: dict[str, str]) -> None:
    """Any key of the allowed length signs any content."""
    body = json.dumps(content).encode()
    headers = signature_headers("msg_1", datetime.now(UTC), body, [key])
    assert content == Webhook(base64.b64encode(key).decode()).verify(body, headers)


def test_both_secrets_verify_during_a_rotation() -> None:
    """A receiver may know the new secret or the old one; a stranger's is refused."""
    keys = [signing_key(SECRET), signing_key(OLD_SECRET)]
    headers = signature_headers("msg_1", datetime.now(UTC), b"{}", keys)
    assert {} == Webhook(SECRET).verify(b"{}", headers)
    assert {} == Webhook(OLD_SECRET).verify(b"{}", headers)
    stranger = Webhook(base64.b64encode(b"s" * 24).decode())
    with pytest.raises(WebhookVerificationError):
        stranger.verify(b"{}", headers)


def test_each_attempt_has_its_own_time() -> None:
    """The id stays; the timestamp is the attempt's, whatever its time zone."""
    zone = datetime.fromisoformat("2026-03-14T10:00:00+05:30")
    same = signature_headers("msg_1", zone.astimezone(UTC), b"", [b"k" * 24])
    assert same == signature_headers("msg_1", zone, b"", [b"k" * 24])
    later = signature_headers("msg_1", zone + timedelta(minutes=5), b"", [b"k" * 24])
    assert same["webhook-id"] == later["webhook-id"]
    assert same["webhook-signature"] != later["webhook-signature"]


def test_without_a_secret_there_is_no_signature() -> None:
    """An empty header would look like a signature."""
    assert "webhook-signature" not in signature_headers("msg_1", datetime.now(UTC), b"", [])
