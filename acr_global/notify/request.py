"""The parts that every HTTP channel's request is made of. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime

from pydantic import SecretStr

from acr_global.headers import EVERYWHERE
from acr_global.model import Message, OutboundRequest
from acr_global.notify.message import delivery_id
from acr_global.notify.signing import signature_headers
from acr_global.notify.target import HttpTarget, SignedTarget, check_own_header, check_target_url
from acr_global.secret import SecretRef, resolve, signing_key


def to_json(value: object) -> bytes:
    """Compact JSON in UTF-8."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def build_request(
    target: HttpTarget,
    environ: Mapping[str, str],
    body: bytes,
    headers: Mapping[str, str],
    path: str = "",
) -> OutboundRequest:
    """A request with the channel's headers and then the target's own.

    Raises RenderError: a secret is not set, the URL or a header's value cannot be sent.
    """
    url = resolve(target.url, environ)
    check_target_url(target, url)
    own = {name.lower(): _own_header(name, v, environ) for name, v in target.headers.items()}
    merged = {**EVERYWHERE, **headers, **own}
    return OutboundRequest(
        url=url.rstrip("/") + path if path else url, headers=tuple(merged.items()), body=body
    )


def signed_headers(
    message: Message,
    target: SignedTarget,
    environ: Mapping[str, str],
    now: datetime,
    body: bytes,
) -> dict[str, str]:
    """Standard Webhooks headers for `body`, signed with each of the target's secrets."""
    keys = [signing_key(resolve(secret, environ)) for secret in target.secrets]
    return signature_headers(delivery_id(message, target.name), now, body, keys)


def _own_header(name: str, value: SecretStr | SecretRef, environ: Mapping[str, str]) -> str:
    resolved = resolve(value, environ)
    check_own_header(name, value, resolved)
    return resolved
