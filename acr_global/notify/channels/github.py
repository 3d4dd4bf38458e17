"""The channel `github`: a repository_dispatch event, so that a workflow starts.

Source: docs.github.com/rest/repos/repos, `Create a repository dispatch event`.

Answers (docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api): 403 is a rate
limit where Retry-After is set, where x-ratelimit-remaining is 0 (then until x-ratelimit-reset,
epoch seconds), or where message or documentation_url speak of one; a secondary one, which used
to be called abuse detection, lasts a minute at least. Other 403s are a missing permission.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, Field, SecretStr

from acr_global.errors import RenderError
from acr_global.model import Message, OutboundRequest, Outcome
from acr_global.notify.outcomes import Answer, Judgement
from acr_global.notify.request import build_request, to_json
from acr_global.notify.target import FRAMING, HttpTarget, check_header
from acr_global.notify.words import headline, shorten
from acr_global.retry_after import capped
from acr_global.secret import Secret, SecretRef, check_alone, resolve

API_VERSION = "2022-11-28"
PAYLOAD_PROPERTIES = 10
"""GitHub's limit for the top level of client_payload."""
PAYLOAD_BYTES = 60_000
"""Bytes; GitHub documents `less than 64KB` for the payload, which may be 64,000."""
TEXT_CHARS = 1_000
"""Characters of one text in the payload; ours. Registries allow 256 for a repository."""
EVENT_TYPE_CHARS = 100
"""Characters; GitHub's limit."""
SECONDARY_LIMIT_SECONDS = 60.0
"""GitHub: `wait for at least one minute` where no header says how long."""

_STATES = ("missing", "evidence", "arrived")
_OWNER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,38}")
_REPO = re.compile(r"[A-Za-z0-9._-]{1,100}")
_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")
_SECONDARY = re.compile(r"secondary[\s_-]+rate|abuse[\s_-]+(?:detection|rate)")
_LIMIT = re.compile(r"rate[\s_-]*limit|too many requests|try again later")


def _repo(value: str) -> str:
    """An owner and a repository as GitHub names them.

    Owners: letters, digits and hyphens, 39 characters at most; an enterprise's managed users are
    `name_code`, with an underscore. Old accounts end in a hyphen, or have two in a row. Sources:
    docs.github.com, `Username considerations for external authentication`, `Creating a new
    repository` (100 of letters, digits, dot, underscore and hyphen; `.git` is cut off).
    """
    owner, slash, name = value.strip().partition("/")
    if not slash or not _OWNER.fullmatch(owner) or not _REPO.fullmatch(name) or not name.strip("."):
        raise ValueError("must be owner/name")
    if name.lower().endswith(".git"):
        raise ValueError("must be owner/name, without .git at its end")
    return f"{owner}/{name}"


class GithubTarget(HttpTarget):
    """A repository_dispatch event, which starts workflows."""

    reserved: ClassVar[frozenset[str]] = FRAMING | {"authorization"}
    reads_answers: ClassVar[bool] = True
    follows_redirects: ClassVar[bool] = True

    kind: Literal["github"] = "github"
    url: Secret = SecretStr("https://api.github.com")
    """Base URL of the API; `https://HOST/api/v3` on GitHub Enterprise Server."""
    repo: Annotated[str, AfterValidator(_repo)]
    token: Secret
    event_type: str = Field(default="image-replicated", min_length=1, max_length=EVENT_TYPE_CHARS)

    def check_value(self, value: SecretStr | SecretRef, resolved: str) -> None:
        """The token as well."""
        super().check_value(value, resolved)
        if value == self.token:
            _check_token(resolved)

    def render(
        self, message: Message, secrets: Mapping[str, str], now: datetime
    ) -> OutboundRequest:
        """`client_payload` has what a workflow's condition may ask, and the regions by state."""
        token = resolve(self.token, secrets)
        _check_token(token)
        headers = {
            "content-type": "application/json",
            "accept": "application/vnd.github+json",
            "authorization": f"Bearer {token}",
            "x-github-api-version": API_VERSION,
        }
        return build_request(
            self, secrets, _body(message, self), headers, f"/repos/{self.repo}/dispatches"
        )

    def read_answer(self, answer: Answer, general: Judgement) -> Judgement:
        """403 and 429 may be a limit that will pass."""
        if answer.status not in (403, 429):
            return general
        wait = answer.retry_after
        if wait is None and answer.headers.get("x-ratelimit-remaining", "").strip() == "0":
            wait = _until(answer.headers.get("x-ratelimit-reset", ""), answer.at)
        if _SECONDARY.search(answer.text):
            wait = max(wait or 0.0, SECONDARY_LIMIT_SECONDS)
        if wait is None and (answer.status == 429 or _LIMIT.search(answer.text)):
            wait = SECONDARY_LIMIT_SECONDS
        if wait is None:
            return general
        return Judgement(Outcome.RETRY, "github-rate-limited", answer.status, wait)


def _check_token(value: str) -> None:
    """Raise RenderError `header-invalid` unless `value` is a token alone: `Bearer` is set before
    it. Source: RFC 6750 2.1, b64token; GitHub's tokens are letters, digits and underscores."""
    check_alone("the token", value, "header-invalid")
    check_header(value)
    if not _TOKEN.fullmatch(value):
        raise RenderError(
            "the token must be the token alone, as GitHub shows it", reason="header-invalid"
        )


def _body(message: Message, target: GithubTarget) -> bytes:
    push = message.push
    regions = _regions(message)
    payload: dict[str, Any] = {
        "type": message.type.value,
        "id": message.id,
        "text": shorten(headline(message, target.template), TEXT_CHARS),
        "test": message.test,
        "push_id": shorten(push.id, TEXT_CHARS),
        "registry": _short(push.registry),
        "repository": _short(push.repository),
        "tag": _short(push.tag),
        "digest": _short(push.digest),
        "regions": regions,
    }
    event = {"event_type": target.event_type, "client_payload": payload}
    while len(body := to_json(event)) > PAYLOAD_BYTES:
        # The missing are what matters: they are the last to go.
        longest = next(state for state in reversed(_STATES) if regions[state])
        regions[longest].pop()
        regions["omitted"] += 1
    return body


def _regions(message: Message) -> dict[str, Any]:
    """Names by state, how many are expected, and how many did not fit in."""
    names: dict[str, Any] = {
        state: [shorten(r.region, TEXT_CHARS) for r in message.regions if r.state == state]
        for state in _STATES
    }
    return {"expected": len(message.regions), **names, "omitted": 0}


def _short(text: str | None) -> str | None:
    return None if text is None else shorten(text, TEXT_CHARS)


def _until(epoch: str, now: datetime) -> float:
    try:
        return capped(float(epoch) - now.timestamp())
    except (ValueError, OverflowError):
        return SECONDARY_LIMIT_SECONDS
