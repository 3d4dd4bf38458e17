"""Ask one region's own endpoint whether it has the manifest: HEAD by digest.

"Readable there" is what a 200 says, and all it says: a replica may come to answer for an image
that it fetches from another one (Azure/acr#880 plans that), and the layers are not looked at.

Source of the exchange: OCI distribution spec 1.1; ACR's AAD-OAuth flow (challenge,
/oauth2/exchange for a refresh token, /oauth2/token for an access token).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping

import aiohttp

from acr_global import outgoing
from acr_global.model import Action
from acr_global.registry.addresses import Endpoint, endpoint_for, manifest_path, token_origin
from acr_global.registry.event_log import Credential
from acr_global.registry.guard import CheckFailedError, Seen
from acr_global.registry.question import Access, Question

ACR_SCOPE = "https://containerregistry.azure.net/.default"
"""A token for this is good for registries alone; one for the resource manager is not needed."""

MANIFEST_TYPES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)

_TOKEN_ANSWER_LIMIT = 65_536
"""Bytes read of a token service's answer; ACR's tokens are below 4 KiB."""
_PARAMETER = re.compile(r'([a-z_]+)="([^"]*)"', re.IGNORECASE)


async def check_manifest(
    question: Question,
    access: Access,
    region: str,
    session: aiohttp.ClientSession,
    credential: Callable[[], Credential],
) -> Seen:
    """What the region's endpoint says. Raises CheckFailedError, aiohttp.ClientError, TimeoutError.

    No redirect is followed and no manifest is read.
    """
    if question.action not in (Action.PUSH, Action.DELETE):
        raise CheckFailedError(f"{question.action} events have no manifest to look for")
    path, endpoint = manifest_path(question), endpoint_for(question, access, region)
    status, headers = await _head(session, endpoint.origin + path, None)
    if status == 401:
        token = await _sign_in(session, endpoint, question, headers, credential)
        status, headers = await _head(session, endpoint.origin + path, token)
    return judge_answer(question, status, headers)


def judge_answer(question: Question, status: int, headers: Mapping[str, str]) -> Seen:
    """What a HEAD's answer means for the push; header names are lower-cased.

    A 404 that no registry gave proves nothing: only one with a registry's mark says that the
    image is absent, which for a delete is what counts. Raises CheckFailedError where nothing
    can be said.
    """
    deleted = question.action == Action.DELETE
    if status == 200:
        named = headers.get("docker-content-digest")
        kind = headers.get("content-type", "").split(";")[0].strip().lower()
        if named != question.digest and (named or kind not in MANIFEST_TYPES):
            raise CheckFailedError("answered 200, but not with this manifest")
        if deleted:
            return Seen(False, "still readable there", absent=True)
        return Seen(True, "readable there")
    if status == 404:
        marked = headers.get("docker-distribution-api-version") == "registry/2.0"
        if not deleted:
            return Seen(False, "not readable there (404)", absent=marked)
        if not marked:
            raise CheckFailedError("answered 404, but not as a registry does")
        return Seen(True, "gone there (404)")
    raise CheckFailedError(f"answered {status}")


def parse_challenge(header: str) -> dict[str, str] | None:
    """Parameters of a Bearer challenge (RFC 6750, quoted form); None for another scheme."""
    scheme, _, rest = header.strip().partition(" ")
    if scheme.lower() != "bearer":
        return None
    return {name.lower(): value for name, value in _PARAMETER.findall(rest)}


async def _head(
    session: aiohttp.ClientSession, url: str, token: str | None
) -> tuple[int, dict[str, str]]:
    headers = {"Accept": ", ".join(MANIFEST_TYPES)}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    async with outgoing.request(session, "HEAD", url, headers=headers) as answer:
        return answer.status, {k.lower(): v for k, v in answer.headers.items()}


async def _sign_in(
    session: aiohttp.ClientSession,
    endpoint: Endpoint,
    question: Question,
    headers: Mapping[str, str],
    credential: Callable[[], Credential],
) -> str:
    """An access token for pulling this one repository, from the registry's own token service."""
    challenge = parse_challenge(headers.get("www-authenticate", ""))
    if not challenge or "realm" not in challenge or "service" not in challenge:
        raise CheckFailedError("answered 401 without a token challenge")
    origin, service = token_origin(endpoint, challenge["realm"]), challenge["service"]
    identity = credential()
    try:
        shown = (await identity.get_token(ACR_SCOPE)).token
    except Exception:  # its text lists every credential tried, with tenants and paths
        raise CheckFailedError("no identity could sign in") from None
    exchange = {"grant_type": "access_token", "service": service, "access_token": shown}
    refresh = await _ask_token(session, f"{origin}/oauth2/exchange", exchange, "refresh_token")
    # The scope is ours, not the challenge's: never more than reading this repository.
    pull = {
        "grant_type": "refresh_token",
        "service": service,
        "scope": f"repository:{question.repository}:pull",
        "refresh_token": refresh,
    }
    return await _ask_token(session, f"{origin}/oauth2/token", pull, "access_token")


async def _ask_token(
    session: aiohttp.ClientSession, url: str, form: Mapping[str, str], wanted: str
) -> str:
    async with outgoing.request(session, "POST", url, headers={}, data=form) as answer:
        if answer.status != 200:
            raise CheckFailedError(f"sign-in answered {answer.status}")
        body = b""
        async for chunk in answer.content.iter_chunked(8_192):
            body += chunk
            if len(body) > _TOKEN_ANSWER_LIMIT:
                raise CheckFailedError("sign-in answered too much")
    try:
        token = json.loads(body)[wanted]
    except (ValueError, KeyError, TypeError, RecursionError):
        token = None
    if not isinstance(token, str) or not token.isascii() or not token.isprintable() or not token:
        raise CheckFailedError("sign-in answered without a token")
    return token
