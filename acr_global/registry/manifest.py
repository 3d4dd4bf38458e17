"""Ask one region's own endpoint whether it has the manifest: HEAD by digest, and GET where that
says too little.

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
from acr_global.registry.absence import Answer, accept_all, judge_answer, own_type
from acr_global.registry.addresses import Endpoint, endpoint_for, manifest_path, token_origin
from acr_global.registry.event_log import Credential
from acr_global.registry.guard import CheckFailedError, Seen
from acr_global.registry.question import Access, Question

ACR_SCOPE = "https://containerregistry.azure.net/.default"
"""A token for this is good for registries alone; one for the resource manager is not needed."""

_MAX_ERROR_BYTES = 65_536
"""Bytes read of an error's body; a registry's have a few hundred."""
_MAX_TOKEN_ANSWER_BYTES = 65_536
"""Bytes read of a token service's answer; ACR's tokens are below 4 KiB."""
_CHALLENGES = "www-authenticate"
_CHALLENGE_PART = re.compile(r'([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))|([\w-]+)')
"""A parameter, quoted or not, or else a scheme: RFC 9110 11.2, 5.6.4."""
_UNTOLD = (404, 405)
"""Answers to HEAD that GET may better. 405: not every registry, or what stands before it, has HEAD.
Sources: distribution/distribution#1485, crossplane/crossplane#3223."""


async def check_manifest(
    question: Question,
    access: Access,
    region: str,
    session: aiohttp.ClientSession,
    credential: Callable[[], Credential],
) -> Seen:
    """What the region's endpoint says. Raises CheckFailedError, aiohttp.ClientError, TimeoutError.

    No redirect is followed and no manifest is read. A HEAD that is answered 404 is asked again
    with GET, for the reason stands in the body, and with the manifest's own type alone, for a
    registry that does not read lists; one that is answered 405, because GET may be let through.
    """
    if question.action not in (Action.PUSH, Action.DELETE):
        raise CheckFailedError(f"{question.action} events have no manifest to look for")
    path, endpoint = manifest_path(question), endpoint_for(question, access, region)
    url, everything = endpoint.origin + path, accept_all(question)
    token: str | None = None

    async def ask(method: str, accept: str) -> Answer:
        nonlocal token
        answer = await _ask(session, method, url, accept, token)
        if answer.status == 401 and token is None:
            token = await _sign_in(session, endpoint, question, answer.headers, credential)
            answer = await _ask(session, method, url, accept, token)
        return answer

    answer = await ask("HEAD", everything)
    if answer.status in _UNTOLD:
        answer = await ask("GET", own_type(question) or everything)
    return judge_answer(question, answer)


def parse_challenge(header: str) -> dict[str, str] | None:
    """Parameters of the first Bearer challenge (RFC 6750), which may stand among those of other
    schemes, also in lines of their own; None without one. Source: prowler-cloud/prowler#12691."""
    found: dict[str, str] | None = None
    for name, quoted, bare, scheme in _CHALLENGE_PART.findall(header):
        if scheme and found is not None:
            break
        if scheme.lower() == "bearer":
            found = {}
        elif found is not None:
            found[name.lower()] = re.sub(r"\\(.)", r"\1", quoted) or bare
    return found


async def _ask(
    session: aiohttp.ClientSession, method: str, url: str, accept: str, token: str | None
) -> Answer:
    headers = {"Accept": accept}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    async with outgoing.request(session, method, url, headers=headers) as answer:
        told = {k.lower(): v for k, v in answer.headers.items()}
        told[_CHALLENGES] = ", ".join(answer.headers.getall(_CHALLENGES, ()))
        if answer.status != 404:
            return Answer(answer.status, told)
        return Answer(answer.status, told, await _beginning(answer))


async def _beginning(answer: aiohttp.ClientResponse) -> bytes:
    body = b""
    async for chunk in answer.content.iter_chunked(8_192):
        body += chunk
        if len(body) > _MAX_ERROR_BYTES:
            break
    return body


async def _sign_in(
    session: aiohttp.ClientSession,
    endpoint: Endpoint,
    question: Question,
    headers: Mapping[str, str],
    credential: Callable[[], Credential],
) -> str:
    """An access token for pulling this one repository, from the registry's own token service."""
    challenge = parse_challenge(headers.get(_CHALLENGES, ""))
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
            if len(body) > _MAX_TOKEN_ANSWER_BYTES:
                raise CheckFailedError("sign-in answered too much")
    try:
        token = json.loads(body)[wanted]
    except (ValueError, KeyError, TypeError, RecursionError):
        token = None
    if not isinstance(token, str) or not token.isascii() or not token.isprintable() or not token:
        raise CheckFailedError("sign-in answered without a token")
    return token
