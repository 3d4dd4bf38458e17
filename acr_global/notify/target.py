"""Who is told: one frozen model per kind of target, and what its values may be."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import timedelta
from string import Template
from typing import Annotated, ClassVar, Literal, TypeVar, get_args
from urllib.parse import SplitResult, urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
)

from acr_global.durations import parse_duration
from acr_global.errors import RenderError
from acr_global.hosts import check_host
from acr_global.model import Artifact, VerdictType
from acr_global.patterns import is_loopback, matches
from acr_global.secret import (
    Secret,
    SecretRef,
    check_alone,
    check_unwrapped,
)
from acr_global.surroundings import around, unresolved

TEMPLATE_NAMES = frozenset(
    {
        "verdict",
        "repository",
        "tag",
        "digest",
        "registry",
        "reference",
        "missing",
        "regions",
        "push",
    }
)
"""What a headline template may name; `missing` and `regions` are comma-separated lists."""

MIN_TIMEOUT, MAX_TIMEOUT = timedelta(seconds=1), timedelta(seconds=30)
"""Standard Webhooks asks senders to give up after 15 to 30 s."""

GITHUB_EVENT_TYPE_CHARS = 100
"""Characters. Source: docs.github.com, `Create a repository dispatch event`."""

_T = TypeVar("_T")

NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,49}")
_OWNER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,38}")
_REPO = re.compile(r"[A-Za-z0-9._-]{1,100}")
_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")
_AUTHORIZATION = frozenset({"authorization", "proxy-authorization"})
_SIGN_IN = re.compile(r"(?:bearer|basic)\s+(?P<secret>.*)", re.IGNORECASE | re.DOTALL)
_NEXT_URL = re.compile(r"[\s,;][a-z0-9]{1,32}://", re.IGNORECASE)
_FRAMING = frozenset({"host", "content-length", "content-type", "transfer-encoding", "connection"})
_SIGNING = frozenset({"webhook-id", "webhook-timestamp", "webhook-signature"})


def _name(value: str) -> str:
    if not NAME.fullmatch(value):
        raise ValueError("must be 1 to 50 of a-z, 0-9, dot, underscore, hyphen")
    return value


def _some(value: tuple[_T, ...]) -> tuple[_T, ...]:
    if not value:
        raise ValueError("must name at least one")
    return value


def _timeout(value: object) -> object:
    duration = parse_duration(value) if isinstance(value, str) else value
    if not isinstance(duration, timedelta) or not MIN_TIMEOUT <= duration <= MAX_TIMEOUT:
        raise ValueError("must be a duration from 1s to 30s")
    return duration


def _template(value: str) -> str:
    template = Template(value)
    if not template.is_valid():
        raise ValueError("has a $ that begins no name; write $$ for a dollar sign")
    unknown = set(template.get_identifiers()) - TEMPLATE_NAMES
    if unknown:
        known = ", ".join(sorted(TEMPLATE_NAMES))
        raise ValueError(f"names something unknown; known are {known}")
    return value


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


class BaseTarget(BaseModel):
    """What every target can say."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)
    url_is_secret: ClassVar[bool] = False
    """True where whoever knows the URL may post to it."""

    name: Annotated[str, AfterValidator(_name)]
    url: Secret
    on: Annotated[tuple[VerdictType, ...], AfterValidator(_some)] = (
        VerdictType.COMPLETE,
        VerdictType.OVERDUE,
        VerdictType.RECOVERED,
    )
    match: Annotated[tuple[str, ...], AfterValidator(_some)] = ("*",)
    """Shell-style patterns over the repository, or over `repository:tag` if it has a colon."""
    template: Annotated[str, AfterValidator(_template)] | None = None
    """The headline, by string.Template over TEMPLATE_NAMES."""
    timeout: Annotated[timedelta, BeforeValidator(_timeout)] = timedelta(seconds=10)
    """For the whole of one attempt."""


class HttpTarget(BaseTarget):
    """A target that takes an HTTP request of our making."""

    reserved: ClassVar[frozenset[str]] = _FRAMING
    """Headers, in lower case, that are the channel's own to set."""

    headers: dict[str, Secret] = Field(default_factory=dict)
    insecure: bool = False
    """Allows plain http to a host other than this one."""


class SignedTarget(HttpTarget):
    """A target whose requests can be signed as Standard Webhooks says."""

    reserved: ClassVar[frozenset[str]] = _FRAMING | _SIGNING

    secrets: tuple[Secret, ...] = Field(default=(), max_length=5)
    """Signing secrets, new before old: each gives a signature, so that they can be rotated."""


class WebhookTarget(SignedTarget):
    """The JSON message, as docs/message.schema.json describes it."""

    kind: Literal["webhook"] = "webhook"


class CloudEventsTarget(SignedTarget):
    """The same message as the data of a CloudEvent 1.0, structured mode."""

    kind: Literal["cloudevents"] = "cloudevents"


class TeamsTarget(HttpTarget):
    """A card in a Microsoft Teams channel, through a Workflows webhook."""

    url_is_secret: ClassVar[bool] = True
    kind: Literal["teams"] = "teams"


class SlackTarget(HttpTarget):
    """A message in a Slack channel, through an incoming webhook."""

    url_is_secret: ClassVar[bool] = True
    kind: Literal["slack"] = "slack"


class GithubTarget(HttpTarget):
    """A repository_dispatch event, which starts workflows."""

    reserved: ClassVar[frozenset[str]] = _FRAMING | {"authorization"}

    kind: Literal["github"] = "github"
    url: Secret = SecretStr("https://api.github.com")
    """Base URL of the API; `https://HOST/api/v3` on GitHub Enterprise Server."""
    repo: Annotated[str, AfterValidator(_repo)]
    token: Secret
    event_type: str = Field(
        default="image-replicated", min_length=1, max_length=GITHUB_EVENT_TYPE_CHARS
    )


class AppriseTarget(BaseTarget):
    """Any service that the library apprise knows; `url` is in its notation."""

    url_is_secret: ClassVar[bool] = True
    kind: Literal["apprise"] = "apprise"


Target = Annotated[
    WebhookTarget | CloudEventsTarget | TeamsTarget | SlackTarget | GithubTarget | AppriseTarget,
    Field(discriminator="kind"),
]
KINDS: dict[str, type[BaseTarget]] = {
    model.model_fields["kind"].default: model for model in get_args(get_args(Target)[0])
}


def wants(target: Target, verdict_type: VerdictType, artifact: Artifact) -> bool:
    """Whether this target is to hear of this verdict about this artifact."""
    return verdict_type in target.on and matches(target.match, artifact.repository, artifact.tag)


def secrets_of(target: Target) -> tuple[SecretStr | SecretRef, ...]:
    """Every secret value that the target holds, its URL among them."""
    fields = (getattr(target, name) for name in type(target).model_fields)
    values = (value for field in fields for value in _flat(field))
    return tuple(v for v in values if isinstance(v, SecretStr | SecretRef))


def _flat(field: object) -> Iterable[object]:
    if isinstance(field, dict):
        return field.values()
    return field if isinstance(field, tuple) else (field,)


def check_url(url: str, *, insecure: bool) -> None:
    """Raise RenderError `url-invalid` unless `url` may be posted to. Never shows the URL."""
    try:
        _check_url(url, insecure=insecure)
    except ValueError as error:
        raise RenderError(f"url {error}", reason="url-invalid") from None


def _check_url(url: str, *, insecure: bool) -> None:
    if said := unresolved(url) or around(url):
        raise ValueError(said)
    if not url.isascii() or not url.isprintable() or " " in url:
        raise ValueError("must be ASCII without blanks")
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")
    host = parts.hostname or ""
    if parts.scheme not in ("https", "http") or not host:
        raise ValueError("must begin with https:// and name a host")
    try:
        check_host(host)
    except ValueError as error:
        raise ValueError(f"names what can be no host: {error}") from None
    if not _is_port(parts):
        raise ValueError("must name a port from 1 to 65535, or none")
    if parts.scheme == "http" and not insecure and not is_loopback(host):
        raise ValueError('is plain http to another host; use https, or say "insecure": true')


def _is_port(parts: SplitResult) -> bool:
    try:
        return parts.port != 0
    except ValueError:
        return False


def check_target_url(target: HttpTarget, url: str) -> None:
    """Raise RenderError `url-invalid` unless `url` may be posted to by this target."""
    check_url(url, insecure=target.insecure)
    authorizes = isinstance(target, GithubTarget) or "authorization" in map(
        str.lower, target.headers
    )
    if authorizes and "@" in urlsplit(url).netloc:
        # The user and password would be a second Authorization header; no client sends both.
        raise RenderError(
            "url holds a user and password beside an Authorization header or a token; keep one",
            reason="url-invalid",
        )


def check_apprise_url(text: str) -> None:
    """Raise RenderError unless `text` looks like one URL in the library's notation.

    The library takes several, and parts them where a comma, semicolon or blank stands before the
    next scheme. One answer for all of them would let a retry repeat what some have got already.
    """
    scheme, mark, rest = text.partition("://")
    if not (scheme.isascii() and scheme.isalnum() and mark):
        raise RenderError(
            "url must be one URL in apprise's notation, such as mailto://user:password@host",
            reason="url-invalid",
        )
    if _NEXT_URL.search(rest):
        raise RenderError(
            "url holds several URLs; make a target of each, or one that fails would have the "
            "others told again and again (inside of one URL write a comma or blank as %2C, %20)",
            reason="url-several",
        )


def check_header(value: str) -> None:
    """Raise RenderError `header-invalid` unless `value` can stand in a header."""
    try:
        value.encode("latin-1")
    except UnicodeEncodeError:
        value = "\n"
    if not value.isprintable():
        raise RenderError(
            "a header's value, or the token, must be one line of Latin-1 text",
            reason="header-invalid",
        )


def check_own_header(name: str, value: SecretStr | SecretRef, resolved: str) -> None:
    """Raise RenderError `header-invalid` unless a target's header can have this value.

    Quotes around it are meant where they were escaped in the JSON text, and an accident where
    they stand in an environment setting. `Bearer x` is what an Authorization header holds, and
    others may; the word twice, or quotes behind it, are an accident. The header's name is not
    said: it may be the secret itself.
    """
    lower, what = name.lower(), "a header's value"
    if match := _SIGN_IN.fullmatch(resolved):
        check_alone(f"{what}, behind its first word,", match["secret"], _HEADER)
    elif isinstance(value, SecretRef) or lower in _AUTHORIZATION:
        check_unwrapped(what, resolved, _HEADER)
    before, colon, _ = resolved.partition(":")
    if colon and before.strip().lower() == lower:
        raise RenderError(f"{what} begins with the header's name; give it without", reason=_HEADER)
    check_header(resolved)


_HEADER = "header-invalid"


def check_token(value: str) -> None:
    """Raise RenderError `header-invalid` unless `value` is a token alone: `Bearer` is set before
    it. Source: RFC 6750 2.1, b64token; GitHub's tokens are letters, digits and underscores."""
    check_alone("the token", value, _HEADER)
    check_header(value)
    if not _TOKEN.fullmatch(value):
        raise RenderError("the token must be the token alone, as GitHub shows it", reason=_HEADER)
