"""The channel `github`: a repository_dispatch event, so that a workflow starts.

Source: docs.github.com/rest/repos/repos, `Create a repository dispatch event`.

Answers (docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api): 403 is a rate
limit where Retry-After is set, where x-ratelimit-remaining is 0 (then until x-ratelimit-reset,
epoch seconds), or where message or documentation_url mention one; a secondary one, formerly
called abuse detection, lasts at least a minute. Other 403s are a missing permission.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, Field, SecretStr

from acr_global.errors import RenderError
from acr_global.grouping import MemberState
from acr_global.model import PUSHED, Message, OutboundRequest, Outcome
from acr_global.notify.notice import GroupMessage, Notice
from acr_global.notify.outcomes import Answer, Judgement
from acr_global.notify.request import check_header, to_json
from acr_global.notify.target import FRAMING, HttpTarget
from acr_global.notify.words import headline, shorten, subject
from acr_global.retry_after import capped
from acr_global.secret import Secret, SecretRef, check_alone, resolve
from acr_global.urls import Url

API_VERSION = "2022-11-28"
PAYLOAD_PROPERTIES = 10
"""GitHub's limit for the top level of client_payload."""
PAYLOAD_BYTES = 60_000
"""Bytes; GitHub documents `less than 64KB` for the payload, which may be 64,000."""
TEXT_CHARS = 1_000
"""Characters of one text in the payload; a limit of our own. Registries allow 256 for a
repository."""
REGION_CHARS = 50
"""Characters of a region, as settings allow them."""
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
    follows_redirects: ClassVar[bool] = True

    kind: Literal["github"] = "github"
    url: Secret = SecretStr("https://api.github.com")
    """Base URL of the API; `https://HOST/api/v3` on GitHub Enterprise Server."""
    repo: Annotated[str, AfterValidator(_repo)]
    token: Secret
    group: bool = False
    """Unlike elsewhere: a dispatch is an order about one image, which a group would hold back."""
    event_type: str = Field(default="image-replicated", min_length=1, max_length=EVENT_TYPE_CHARS)
    """Of pushes; of whatever else is watched with its name behind: `image-replicated-delete`."""

    def check_value(self, value: SecretStr | SecretRef, resolved: str) -> None:
        """Check the token as well."""
        super().check_value(value, resolved)
        if value == self.token:
            _check_token(resolved)

    def check_receiver(self, url: Url) -> None:
        """Raise ValueError for GitHub's site, and for where a dispatch is posted."""
        if url.host in ("github.com", "www.github.com"):
            raise ValueError("is GitHub's site; its API is https://api.github.com")
        if url.path.rstrip("/").endswith("/dispatches"):
            raise ValueError("must be the API's base; the repository stands in repo")

    def render(self, message: Notice, environ: Mapping[str, str], now: datetime) -> OutboundRequest:
        """`client_payload` has what a workflow's condition may ask, and the regions by state; of a
        group the pushes by state."""
        token = resolve(self.token, environ)
        _check_token(token)
        headers = {
            "content-type": "application/json",
            "accept": "application/vnd.github+json",
            "authorization": f"Bearer {token}",
            "x-github-api-version": API_VERSION,
        }
        text = shorten(headline(message, self.template), TEXT_CHARS)
        if isinstance(message, Message):
            body = _body(message, self.event_type, text)
        else:
            body = _group_body(message, self.event_type, text)
        return self.request(environ, body, headers, f"/repos/{self.repo}/dispatches")

    def read_answer(self, answer: Answer, general: Judgement) -> Judgement:
        """Judge 403 and 429, which may be a rate limit that will pass; and 404, which will not."""
        if answer.status == 404:
            return Judgement(Outcome.DEAD, general.reason, answer.status)
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


def _body(message: Message, event_type: str, text: str) -> bytes:
    """Whoever asks for an image to be deployed must not be started by its deletion, so that has a
    type of its own."""
    push = message.push
    if push.action not in PUSHED:
        end = f"-{push.action.value}"
        event_type = event_type[: EVENT_TYPE_CHARS - len(end)] + end
    regions = _regions(message)
    payload: dict[str, Any] = {
        "type": message.type.value,
        "id": message.id,
        "text": text,
        "test": message.test,
        "push_id": shorten(push.id, TEXT_CHARS),
        "registry": _short(push.registry),
        "repository": _short(push.repository),
        "tag": _short(push.tag),
        "digest": _short(push.digest),
        "regions": regions,
    }
    event = {"event_type": event_type, "client_payload": payload}
    while len(body := to_json(event)) > PAYLOAD_BYTES:
        # The missing regions matter most, so they are left out last.
        longest = next(state for state in reversed(_STATES) if regions[state])
        regions[longest].pop()
        regions["omitted"] += 1
    return body


def _group_body(message: GroupMessage, event_type: str, text: str) -> bytes:
    """As many pushes as the message lists: it is bounded so that they fit."""
    images = {
        state: [
            shorten(subject(p.action, p.image), TEXT_CHARS)
            for p in message.pushes
            if p.state == state
        ]
        for state in MemberState
    }
    counts = {state: getattr(message, state) for state in MemberState}
    payload: dict[str, Any] = {
        "type": message.type,
        "state": message.state.value,
        "id": message.id,
        "text": text,
        "test": message.test,
        "group": message.group,
        "registry": _short(message.registry),
        "missing": [shorten(region, REGION_CHARS) for region in message.missing],
        "since": message.since.isoformat().replace("+00:00", "Z"),
        "pushes": {"counts": counts, **images, "omitted": message.omitted},
    }
    return to_json({"event_type": event_type, "client_payload": payload})


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


NOTES = """\
A
[repository_dispatch](https://docs.github.com/rest/repos/repos#create-a-repository-dispatch-event)
event: a workflow starts when an image is everywhere.

```json
{"name": "deploy", "kind": "github", "repo": "team/deploy", "token": {"$secret": \
"GITHUB_DISPATCH_TOKEN"}, "on": ["complete", "recovered"]}
```

`repo` is owner/name (a managed user's owner has an underscore: `octocat_acme`); `event_type` (at
most 100 characters) is `image-replicated` unless you say another; `url` is the API's base, such
as `https://ghe.example.com/api/v3`. Where deletions or quarantine are watched as well, they have a
type of their own, so that no workflow takes one for a push: `image-replicated-delete`. A repository
that was renamed or moved is told under its new name for as long as GitHub redirects; the attempt's
`location` says where that is.

| `token` | fits |
|---|---|
| fine-grained personal access token | yes: *Contents: write* on that repository alone. Put the \
next one behind the `$secret` before it ends |
| classic personal access token | yes, with the scope `repo`, which is more than is needed |
| a GitHub App's installation token (`ghs_...`) | no: it is good for one hour, and the app does \
not make new ones from an App's key. Not supported, unless a job of yours renews the setting \
behind the `$secret` |
| a workflow's `GITHUB_TOKEN` | no: it ends with its job |
| an App's user token (`ghu_...`) | no: it is good for eight hours |

The payload has ten properties, which is GitHub's limit:

```yaml
on:
  repository_dispatch:
    types: [image-replicated]
jobs:
  deploy:
    if: ${{ !github.event.client_payload.test && github.event.client_payload.repository == \
'team/app' }}
    concurrency: ${{ github.event.client_payload.id }}   # a repeat has the same id
    runs-on: ubuntu-latest
    steps:
      - env:
          # Names from a push go through the environment, never into the script's text.
          IMAGE: ${{ github.event.client_payload.registry }}/\
${{ github.event.client_payload.repository }}@${{ github.event.client_payload.digest }}
        run: ./deploy "$IMAGE"
```

`client_payload`: `type`, `id`, `text`, `test`, `push_id`, `registry`, `repository`, `tag`,
`digest`, and `regions` with `expected` (a count), the names `missing`, `evidence` and `arrived`,
and `omitted` (how many names did not fit into 60,000 bytes; the missing go last).

A dispatch is an order about one image, so here `"group"` is `false` where nothing else is said:
each push is told by itself. With `"group": true` a [group](grouping.md) starts one workflow:
`type` is `group`, beside `state` (`behind`, `silent`, `over`), `id`, `text`, `test`, `group` (its
id), `registry`, `missing`, `since`, and `pushes` with `counts`, the images by state (`waiting`,
`incomplete`, `recovered`) and `omitted`.

Answers that count in another way than by the [table](#what-an-answer-means):

- 403 or 429 with Retry-After, with `x-ratelimit-remaining: 0`, or that speaks of a rate limit:
  try again, when GitHub says, else after a minute; of these, a secondary rate limit
  (`abuse detection`, as it was called): after a minute at least ([rate
  limits](https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api)).
- 301, 302, 307, 308 to the same scheme, host and port: followed, 3 times at most
  ([redirects](https://docs.github.com/rest/using-the-rest-api/best-practices-for-using-the-rest-api#follow-redirects)).
- Other 404, 422: dead; the token cannot see the repository, or it is another
  ([repository_dispatch](https://docs.github.com/rest/repos/repos#create-a-repository-dispatch-event)).
- 2xx with a web page: try again; the URL leads to a site.

Reasons of its own: `github-rate-limited`, `answer-page`.
"""
