"""Where a manifest may be asked for, and where a token may be sent. Pure.

Repository, digest and registry host come from a webhook's body, which anyone who knows the
app's key can write; regions and overrides come from the settings. So nothing of the body is put
into a URL before it has passed the grammar, a host is only ever built under the registry's own
cloud domain, and the app's identity is shown to no other host.

Sources: OCI distribution spec 1.1, "Pulling manifests" (repository grammar); OCI image spec 1.1,
"Digests"; ACR endpoint reference (`<registry>.<region>.geo.azurecr.io`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from acr_global.patterns import normalize_region
from acr_global.registry.guard import CheckFailedError
from acr_global.registry.question import Access, Question
from acr_global.urls import is_loopback, split_url

_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REPOSITORY = re.compile(rf"{_PART}(?:/{_PART})*")
_MAX_REPOSITORY_CHARS = 255
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128}")
_LOGIN_SERVER = re.compile(
    r"(?P<name>[a-z0-9][a-z0-9-]{3,61}[a-z0-9])(?:\.(?P<region>[a-z0-9]{2,40})\.geo)?"
    r"\.(?P<cloud>azurecr\.(?:io|cn|us))"
)
_REGION = re.compile(r"[a-z0-9]{2,40}")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One region's registry: `origin` is scheme, host and port, without a slash at the end."""

    origin: str
    host: str
    """Lower-cased, without port."""
    registry: str | None
    """The registry's name, the first label of its host; None outside ACR."""


def login_server(host: str | None) -> tuple[str, str] | None:
    """Registry name and cloud domain of an ACR host, global or regional; None for any other."""
    match = _LOGIN_SERVER.fullmatch((host or "").lower().removesuffix("."))
    return (match["name"], match["cloud"]) if match else None


def endpoint_for(question: Question, access: Access, region: str) -> Endpoint:
    """Where to ask about one region.

    Raises CheckFailedError when the setting or the event gives no usable host.
    """
    own = {normalize_region(r): url for r, url in access.region_endpoints.items()}
    override = own.get(normalize_region(region))
    if override is not None:
        return _from_override(override)
    server = login_server(question.registry)
    if server is None:
        raise CheckFailedError("the event names no ACR registry, and no endpoint is set")
    name, cloud = server
    if access.resource_id:
        # The body must not choose which registry is asked with our identity. A login server
        # may carry a hash after the name (domain name label scope): `name-hash.azurecr.io`.
        known = access.resource_id.rstrip("/").rsplit("/", 1)[-1].lower()
        if name != known and not name.startswith(f"{known}-"):
            raise CheckFailedError("the event names another registry than the settings")
    label = normalize_region(region)
    if not _REGION.fullmatch(label):
        raise CheckFailedError("the region's name cannot stand in a host name")
    host = f"{name}.{label}.geo.{cloud}"
    return Endpoint(f"https://{host}", host, name)


def manifest_path(question: Question) -> str:
    """`/v2/<repository>/manifests/<digest>`; raises CheckFailedError where it cannot be."""
    if not question.repository or len(question.repository) > _MAX_REPOSITORY_CHARS:
        raise CheckFailedError("no usable repository in the event")
    if not _REPOSITORY.fullmatch(question.repository):
        raise CheckFailedError("not a repository name")
    if not question.digest:
        # The tag would not do: it may already name a newer image there, or still an older one.
        raise CheckFailedError("no digest in the event: cannot check")
    if not _DIGEST.fullmatch(question.digest):
        raise CheckFailedError("not a digest")
    return f"/v2/{question.repository}/manifests/{question.digest}"


def token_origin(endpoint: Endpoint, realm: str) -> str:
    """Origin of the token service, when our identity may be shown to it.

    That is: the same ACR registry over https, or, for an endpoint on this machine, the very same
    origin. Raises CheckFailedError for every other place, whatever the challenge says.
    """
    try:
        url = split_url(realm)
    except ValueError:
        raise CheckFailedError("the registry's sign-in address is not a URL") from None
    origin = f"{url.scheme}://{url.place}".lower()
    if is_loopback(endpoint.host) and url.userinfo is None and origin == endpoint.origin:
        return origin
    server = login_server(url.host)
    clean = url.userinfo is None and url.scheme == "https" and url.port in (None, 443)
    if clean and server and server[0] == endpoint.registry:
        return f"https://{url.host.removesuffix('.')}"
    raise CheckFailedError("the registry asks to sign in at a place we do not trust")


def _from_override(url: str) -> Endpoint:
    try:
        parts = split_url(url)
    except ValueError:
        raise CheckFailedError("the region's endpoint is not a URL") from None
    extra = parts.path.rstrip("/") or parts.query or parts.fragment or parts.userinfo is not None
    if not parts.host or extra or parts.scheme not in ("http", "https"):
        raise CheckFailedError("the region's endpoint is not scheme, host and port alone")
    if parts.in_clear:
        # Anyone on the way could say "readable there". Docker has the same rule.
        raise CheckFailedError("the region's endpoint needs https")
    server = login_server(parts.host)
    origin = f"{parts.scheme}://{parts.place}".lower()
    return Endpoint(origin, parts.host, server[0] if server else None)
