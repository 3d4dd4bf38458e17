"""Targets: what those of every kind have in common. Pure.

    HttpTarget ── SignedTarget    take an HTTP request of our making
    LibraryTarget                 is told by a library, which sends for itself

A kind is a subclass in a file of channels/: its fields, its request, and the meaning of its
answers. Code that delivers, shows or reads targets knows only the classes here.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from string import Template
from typing import Annotated, ClassVar, TypeVar

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
from acr_global.headers import EVERYWHERE
from acr_global.model import OutboundRequest, Outcome, VerdictType
from acr_global.notify.message import delivery_id
from acr_global.notify.notice import Notice
from acr_global.notify.outcomes import Answer, Judgement, judge_status
from acr_global.notify.request import check_own_header
from acr_global.notify.signing import signature_headers
from acr_global.patterns import check_patterns
from acr_global.secret import Secret, SecretRef, resolve, signing_key
from acr_global.urls import Url, check_url

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
"""The names in a headline template; `missing` and `regions` are comma-separated lists."""

MIN_TIMEOUT, MAX_TIMEOUT = timedelta(seconds=1), timedelta(seconds=30)
"""Standard Webhooks asks senders to give up after 15 to 30 s."""

_T = TypeVar("_T")

NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,49}")
_PAGE = re.compile(
    r"(?:<\?xml\b[^>]*>|<!--.*?-->|\s)*+<(?:!doctype\s+html|html|head|body)\b", re.DOTALL
)
"""Microsoft's page to sign in, which comes with 200, begins with a comment. Source:
HenriWahl/Nagstamon#1227. What was read before is not read again, so that many comments cost no
time."""
_VARIABLE = re.compile(r"\$\{?\w+\}?|%\w+%")
"""As shells and Windows write one."""
FRAMING = frozenset({"host", "content-length", "content-type", "transfer-encoding", "connection"})
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


class BaseTarget(BaseModel, ABC):
    """Fields and methods of every target."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", hide_input_in_errors=True, defer_build=True
    )
    url_is_secret: ClassVar[bool] = False
    """True where the URL alone lets anyone post to it."""

    kind: str
    """The name of the channel."""
    name: Annotated[str, AfterValidator(_name)]
    url: Secret
    on: Annotated[tuple[VerdictType, ...], AfterValidator(_some)] = (
        VerdictType.COMPLETE,
        VerdictType.OVERDUE,
        VerdictType.RECOVERED,
    )
    match: Annotated[tuple[str, ...], AfterValidator(_some), AfterValidator(check_patterns)] = (
        "*",
    )
    """Shell-style patterns over the repository, or over `repository:tag` if it has a colon."""
    group: bool = True
    """Whether pushes of one group may be told together; False asks for each alarm by itself."""
    template: Annotated[str, AfterValidator(_template)] | None = None
    """The headline of a message about one push, by string.Template over TEMPLATE_NAMES."""
    timeout: Annotated[timedelta, BeforeValidator(_timeout)] = timedelta(seconds=10)
    """For the whole of one attempt."""

    @abstractmethod
    def check_value(self, value: SecretStr | SecretRef, resolved: str) -> None:
        """Check one of the values for every use of it. Raises RenderError."""

    @abstractmethod
    def render(self, message: Notice, environ: Mapping[str, str], now: datetime) -> OutboundRequest:
        """The request, with the exact bytes. `environ` is where references are looked up, `now`
        the time of this attempt. Raises RenderError."""


class HttpTarget(BaseTarget):
    """A target that takes an HTTP request of our making."""

    reserved: ClassVar[frozenset[str]] = FRAMING
    """Headers, in lower case, that are the channel's own to set."""
    follows_redirects: ClassVar[bool] = False
    """True where the receiver asks for it; to the same scheme, host and port only."""

    headers: dict[str, Secret] = Field(default_factory=dict)
    insecure: bool = False
    """Allows plain http to a host other than this one."""

    def check_value(self, value: SecretStr | SecretRef, resolved: str) -> None:
        """Check URL and headers."""
        if value == self.url:
            check_target_url(self, resolved)
        for name, own in self.headers.items():
            if value == own:
                check_own_header(name, value, resolved)

    def check_receiver(self, url: Url) -> None:
        """Check that a URL can be this kind of receiver's, as far as that can be told. Raises
        ValueError, whose text follows the word `url`."""

    @property
    def authorizes(self) -> bool:
        """Whether each request has an Authorization header."""
        return "authorization" in {*self.reserved, *map(str.lower, self.headers)}

    @property
    def reads_answers(self) -> bool:
        """Whether an answer says more than its status, so that its body is wanted."""
        return type(self).read_answer is not HttpTarget.read_answer

    def request(
        self,
        environ: Mapping[str, str],
        body: bytes,
        headers: Mapping[str, str],
        path: str = "",
    ) -> OutboundRequest:
        """A request with the channel's headers and then the target's own.

        Raises RenderError: a secret is not set, the URL or a header's value cannot be sent.
        """
        url = resolve(self.url, environ)
        check_target_url(self, url)
        merged = {**EVERYWHERE, **headers}
        for name, value in self.headers.items():
            resolved = resolve(value, environ)
            check_own_header(name, value, resolved)
            merged[name.lower()] = resolved
        return OutboundRequest(
            url=url.rstrip("/") + path if path else url, headers=tuple(merged.items()), body=body
        )

    def judge(
        self, status: int, headers: Mapping[str, str], body: bytes, now: datetime
    ) -> Judgement:
        """Read one answer. `headers` has lower-case names; `body` is its beginning."""
        general = judge_status(status, headers, now)
        if not self.reads_answers:
            return general
        text = body.decode("utf-8-sig", "replace").strip().strip('"').lower()
        if general.outcome is Outcome.DELIVERED and _PAGE.match(text):
            # No receiver answers so: the URL leads to a sign-in page or a site.
            return Judgement(Outcome.RETRY, "answer-page", status)
        return self.read_answer(Answer(status, headers, text, now), general)

    def read_answer(self, answer: Answer, general: Judgement) -> Judgement:
        """Judge an answer by this receiver's own words; `general` is the judgement of its
        status."""
        return general


class SignedTarget(HttpTarget):
    """A target whose requests can be signed as Standard Webhooks says."""

    reserved: ClassVar[frozenset[str]] = FRAMING | _SIGNING

    secrets: tuple[Secret, ...] = Field(default=(), max_length=5)
    """Signing secrets, new before old: each gives a signature, so that they can be rotated."""

    def signed_headers(
        self, message: Notice, environ: Mapping[str, str], now: datetime, body: bytes
    ) -> dict[str, str]:
        """Standard Webhooks headers for `body`, signed with each of the secrets."""
        keys = [signing_key(resolve(secret, environ)) for secret in self.secrets]
        return signature_headers(delivery_id(message, self.name), now, body, keys)

    def check_value(self, value: SecretStr | SecretRef, resolved: str) -> None:
        """Check the signing secrets as well."""
        super().check_value(value, resolved)
        if value in self.secrets:
            signing_key(resolved)


class LibraryTarget(BaseTarget):
    """A target to which a library sends, blocking. It tells only whether that succeeded."""

    url_is_secret: ClassVar[bool] = True
    package: ClassVar[str]
    """What must be installed; an attempt without it is tried again, as `<package>-missing`."""

    @abstractmethod
    def check_with_library(self, url: str) -> None:
        """Check the resolved URL as only the library can. Loading it takes long; nothing is sent.
        Raises RenderError and ImportError."""

    @abstractmethod
    def send(self, request: OutboundRequest) -> bool:
        """Send it, blocking. Raises as `check_with_library` does."""


Target = HttpTarget | LibraryTarget


def secrets_of(target: Target) -> tuple[SecretStr | SecretRef, ...]:
    """Every secret value that the target holds, its URL among them."""
    fields = (getattr(target, name) for name in type(target).model_fields)
    values = (value for field in fields for value in _flat(field))
    return tuple(v for v in values if isinstance(v, SecretStr | SecretRef))


def _flat(field: object) -> Iterable[object]:
    if isinstance(field, dict):
        return field.values()
    return field if isinstance(field, tuple) else (field,)


def check_target_url(target: HttpTarget, text: str) -> None:
    """Raise RenderError `url-invalid` unless this target may get requests at that URL."""
    try:
        if _VARIABLE.fullmatch(text):
            raise ValueError('is a variable that nobody replaces; write {"$secret": "NAME"}')
        url = check_url(text)
        if url.in_clear and not target.insecure:
            raise ValueError('is plain http to another host; use https, or say "insecure": true')
        if url.userinfo is not None and target.authorizes:
            # They would be a second Authorization header; no client sends both.
            raise ValueError(
                "holds a user and password beside an Authorization header or a token; keep one"
            )
        target.check_receiver(url)
    except ValueError as error:
        raise RenderError(f"url {error}", reason="url-invalid") from None
