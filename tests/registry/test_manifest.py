"""Asking a region's endpoint, played by a loopback registry with the token flow."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web

from acr_global.model import Evidence, EvidenceKind
from acr_global.registry.absence import (
    MANIFEST_TYPES,
    Answer,
    accept_all,
    judge_answer,
    proves_absence,
)
from acr_global.registry.guard import CheckFailedError, Seen
from acr_global.registry.look import look
from acr_global.registry.manifest import ACR_SCOPE, parse_challenge
from acr_global_rig.loopback import unused_url
from tests.registry.fakes import (
    CHECKED_AT,
    DIGEST,
    REPOSITORY,
    FakeCredential,
    FakeRegistry,
    access,
    question,
)

PATH = f"/v2/{REPOSITORY}/manifests/{DIGEST}"
REGISTRY = {"docker-distribution-api-version": "registry/2.0"}


def ask(
    registry: FakeRegistry,
    *,
    credential: FakeCredential | None = None,
    budget: timedelta = timedelta(seconds=20),
    **changes: Any,
) -> Evidence:
    """The manifest evidence that `registry` gives as the region eastus."""

    async def run() -> tuple[Evidence, ...]:
        async with registry.running() as url:
            how = access("manifest", region_endpoints={"eastus": url}, budget=budget)
            who = credential or FakeCredential()
            asked = question("eastus", **changes)
            return await look(asked, how, credential=who, now=lambda: CHECKED_AT)

    (only,) = asyncio.run(run())
    return only


def evidence(found: bool, detail: str, absent: bool = False) -> Evidence:
    """Manifest evidence as `ask` stamps it."""
    kind = EvidenceKind.MANIFEST
    return Evidence(
        region="eastus", kind=kind, found=found, absent=absent, detail=detail, at=CHECKED_AT
    )


def failing(why: str) -> Evidence:
    """The evidence of a check that failed."""
    return evidence(False, f"check failed: {why}")


def test_a_manifest_that_can_be_read_counts() -> None:
    """It takes one HEAD by digest, and no sign-in where none is demanded."""
    registry, credential = FakeRegistry(), FakeCredential()
    assert evidence(True, "readable there") == ask(registry, credential=credential)
    assert [("HEAD", PATH)] == registry.seen
    assert [] == credential.scopes


def test_a_manifest_that_is_absent_does_not_count() -> None:
    """A 404 is a result, not a failed check; one that is the registry's own is certain."""
    expected = evidence(False, "not readable there (404)", absent=True)
    assert expected == ask(FakeRegistry(status=404))
    anybody = FakeRegistry(status=404, headers={})
    assert evidence(False, "not readable there (404)") == ask(anybody)


def test_a_404_is_followed_by_a_get_for_its_reason() -> None:
    """An answer to HEAD has no body; the one to GET decides."""
    unknown = b'{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}'
    registry = FakeRegistry(status=404, error=unknown, headers={})
    expected = evidence(False, "not readable there (404)", absent=True)
    assert expected == ask(registry)
    assert [("HEAD", PATH), ("GET", PATH)] == registry.seen
    gone = evidence(True, "gone there (404)")
    assert gone == ask(FakeRegistry(status=404, error=unknown, headers={}), action="delete")


@pytest.mark.parametrize("kind", [*MANIFEST_TYPES, "application/vnd.wasm.new.manifest.v3+json"])
@pytest.mark.parametrize("literal", [False, True])
@pytest.mark.parametrize("action", ["push", "delete"])
def test_a_registry_that_wants_the_manifest_s_own_type_gets_it(
    kind: str, literal: bool, action: str
) -> None:
    """The type stands in a list, or alone where lists are not read, so that neither absence nor
    deletion is claimed wrongly."""
    message = b'{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}'
    registry = FakeRegistry(wanted=kind, literal=literal, error=message)
    found = ask(registry, media_type=kind, action=action)
    expected = {
        "push": evidence(True, "readable there"),
        "delete": evidence(False, "still readable there", absent=True),
    }
    assert expected[action] == found


def test_an_implausible_media_type_is_not_sent() -> None:
    """The event's body may hold any text there."""
    for kind in ("text/html", "application/vnd.a\r\nX: y", "*/*", "application/vnd." + "a" * 200):
        asked = question("eastus", media_type=kind)
        assert ", ".join((*MANIFEST_TYPES, "*/*")) == accept_all(asked)
    index = MANIFEST_TYPES[0]
    asked = question("eastus", media_type=index.upper() + "; charset=utf-8")
    assert accept_all(asked).split(", ")[:2] == [*MANIFEST_TYPES[:2]]
    signed = MANIFEST_TYPES[-2]
    assert signed == accept_all(question("eastus", media_type=signed)).split(", ")[0]


@pytest.mark.parametrize(
    ("status", "said"),
    [(401, "answered 401 without a token challenge"), (429, "answered 429"), (500, "answered 500")],
)
def test_a_404_without_its_reason_proves_nothing(status: int, said: str) -> None:
    """Only the second answer counts."""

    class Moody(FakeRegistry):
        async def _handle(self, request: web.Request) -> web.Response:
            self.status = 404 if request.method == "HEAD" else status
            return await super()._handle(request)

    assert failing(said) == ask(Moody())


@pytest.mark.parametrize("status", [307, 403, 429, 500])
def test_any_other_answer_is_a_failed_check(status: int) -> None:
    """Redirects are not followed, because the identity is meant for this host alone."""
    registry = FakeRegistry(status=status, headers={"Location": "/elsewhere"})
    assert failing(f"answered {status}") == ask(registry)
    assert [("HEAD", PATH)] == registry.seen


def test_the_token_flow_ends_at_a_pull_of_this_repository() -> None:
    """The steps are the challenge, the exchange, a token for one repository, and the HEAD again."""
    registry, credential = FakeRegistry(realm="same"), FakeCredential()
    assert evidence(True, "readable there") == ask(registry, credential=credential)
    assert [
        ("HEAD", PATH),
        ("POST", "/oauth2/exchange"),
        ("POST", "/oauth2/token"),
        ("HEAD", PATH),
    ] == registry.seen
    service = "myregistry.azurecr.io"
    assert [
        {"grant_type": "access_token", "service": service, "access_token": "identity-token"},
        {
            "grant_type": "refresh_token",
            "service": service,
            "scope": f"repository:{REPOSITORY}:pull",
            "refresh_token": "the-refresh_token",
        },
    ] == registry.forms
    assert [ACR_SCOPE] == credential.scopes


@pytest.mark.parametrize("first", [True, False])
def test_a_challenge_among_others_is_answered(first: bool) -> None:
    """A registry, or what stands before it, may offer Basic as well, in a line of its own. Source:
    prowler-cloud/prowler#12691."""

    class Offering(FakeRegistry):
        async def _handle(self, request: web.Request) -> web.Response:
            answer = await super()._handle(request)
            if answer.status == 401:
                own = answer.headers.popall("WWW-Authenticate")
                basic = 'Basic realm="elsewhere"'
                for challenge in (basic, *own) if first else (*own, basic):
                    answer.headers.add("WWW-Authenticate", challenge)
            return answer

    assert evidence(True, "readable there") == ask(Offering(realm="same"))


def test_a_registry_without_head_is_asked_with_get() -> None:
    """Sources: distribution/distribution#1485, crossplane/crossplane#3223."""

    class WithoutHead(FakeRegistry):
        async def _handle(self, request: web.Request) -> web.Response:
            answer = await super()._handle(request)
            return web.Response(status=405) if request.method == "HEAD" else answer

    registry = WithoutHead()
    assert evidence(True, "readable there") == ask(registry)
    assert [("HEAD", PATH), ("GET", PATH)] == registry.seen
    unknown = b'{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}'
    absent = evidence(False, "not readable there (404)", absent=True)
    assert absent == ask(WithoutHead(status=404, error=unknown))
    assert evidence(True, "readable there") == ask(WithoutHead(realm="same"))


def test_the_identity_is_not_fetched_for_a_strange_realm() -> None:
    """Where a challenge points elsewhere, nothing is sent there."""
    credential = FakeCredential()
    registry = FakeRegistry(realm="https://evil.example/oauth2/token")
    expected = failing("the registry asks to sign in at a place we do not trust")
    assert expected == ask(registry, credential=credential)
    assert [] == credential.scopes


@pytest.mark.parametrize(
    ("expected", "changes"),
    [
        ("sign-in answered 401", {"token_status": 401}),
        ("sign-in answered 302", {"token_status": 302}),
        ("sign-in answered without a token", {"token_body": b"not json"}),
        ("sign-in answered without a token", {"token_body": b"[]"}),
        ("sign-in answered without a token", {"token_body": b'{"refresh_token": "a\\r\\nb"}'}),
        ("sign-in answered too much", {"token_body": b" " * 70_000}),
    ],
)
def test_a_sign_in_that_fails_is_a_failed_check(expected: str, changes: dict[str, Any]) -> None:
    """A refusal, an unreadable and an endless answer each have their reason, and none quotes the
    answer."""
    assert failing(expected) == ask(FakeRegistry(realm="same", **changes))


def test_an_identity_that_cannot_sign_in_tells_no_secret() -> None:
    """The text of its error is not shown."""
    credential = FakeCredential(error=RuntimeError("tenant 123, secret 456"))
    answer = ask(FakeRegistry(realm="same"), credential=credential)
    assert failing("no identity could sign in") == answer


def test_a_token_that_does_not_help_is_a_failed_check() -> None:
    """After a second 401 no further request is made."""
    registry = FakeRegistry(realm="same", token_body=b'{"refresh_token":"r","access_token":"x"}')
    assert failing("answered 401") == ask(registry)


def test_a_silent_registry_is_cut_by_the_budget() -> None:
    """The alarm is sent in time."""
    answer = ask(FakeRegistry(silent=True), budget=timedelta(milliseconds=200))
    assert failing("no answer in time") == answer


async def test_an_unreachable_registry_is_a_failed_check() -> None:
    """The reason names no address."""
    how = access("manifest", region_endpoints={"eastus": unused_url()})
    answer = await look(question("eastus"), how, now=lambda: CHECKED_AT)
    assert (failing("cannot connect"),) == answer


@pytest.mark.parametrize("action", ["quarantine", "chart_push", "chart_delete"])
def test_some_actions_have_no_manifest_to_look_for(action: str) -> None:
    """A quarantined image cannot be pulled, and old charts are not manifests."""
    registry = FakeRegistry()
    expected = failing(f"{action} events have no manifest to look for")
    assert expected == ask(registry, action=action)
    assert [] == registry.seen


def test_a_push_without_a_digest_is_not_checked() -> None:
    """A tag may name another image there, so it proves nothing."""
    registry = FakeRegistry()
    assert failing("no digest in the event: cannot check") == ask(registry, digest=None)
    assert [] == registry.seen


@pytest.mark.parametrize(
    ("expected", "action", "status", "headers"),
    [
        (Seen(True, "readable there"), "push", 200, {"docker-content-digest": DIGEST}),
        (
            Seen(True, "readable there"),
            "push",
            200,
            {"content-type": "application/vnd.oci.image.index.v1+json; charset=utf-8"},
        ),
        (Seen(False, "not readable there (404)"), "push", 404, {}),
        (Seen(False, "not readable there (404)", absent=True), "push", 404, REGISTRY),
        (
            Seen(False, "still readable there", absent=True),
            "delete",
            200,
            {"docker-content-digest": DIGEST},
        ),
        (Seen(True, "gone there (404)"), "delete", 404, REGISTRY),
        (
            Seen(True, "readable there"),
            "push",
            200,
            {"content-type": "application/vnd.oci.artifact.manifest.v1+json"},
        ),
    ],
)
def test_what_an_answer_means(
    expected: Seen, action: str, status: int, headers: dict[str, str]
) -> None:
    """Presence counts for a push, absence for a delete."""
    assert expected == judge_answer(question("eastus", action=action), Answer(status, headers))


@pytest.mark.parametrize(
    ("expected", "action", "status", "headers"),
    [
        ("answered 200, but not with this manifest", "push", 200, {"content-type": "text/html"}),
        (
            "answered 200, but not with this manifest",
            "push",
            200,
            {
                "docker-content-digest": "sha256:" + "0" * 64,
                "content-type": "application/vnd.oci.image.manifest.v1+json",
            },
        ),
        ("answered 404, but not that it has no such manifest", "delete", 404, {}),
        ("answered 410", "delete", 410, REGISTRY),
        ("answered 406", "push", 406, REGISTRY),
        ("answered 401", "push", 401, {}),
    ],
)
def test_an_unclear_answer_proves_nothing(
    expected: str, action: str, status: int, headers: dict[str, str]
) -> None:
    """A proxy's page is neither a manifest nor its absence."""
    with pytest.raises(CheckFailedError) as caught:
        judge_answer(question("eastus", action=action), Answer(status, headers))
    assert expected == str(caught.value)


def error(code: str, message: str = "manifest unknown") -> bytes:
    """An error body as the distribution spec has it."""
    return json.dumps({"errors": [{"code": code, "message": message, "detail": {}}]}).encode()


@pytest.mark.parametrize(
    ("expected", "headers", "body"),
    [
        (True, {}, error("MANIFEST_UNKNOWN")),
        (True, REGISTRY, error("MANIFEST_UNKNOWN", "manifest sha256:12 is not found")),
        (True, {}, error("NAME_UNKNOWN", "repository name not known to registry")),
        (True, {}, error("manifest_unknown")),
        (True, REGISTRY, b""),
        (True, REGISTRY, b"\n"),
        (True, {}, error("MANIFEST_UNKNOWN", "no team/accept/found in here")),
        (False, {}, b""),
        (False, REGISTRY, b"404 page not found"),
        (False, REGISTRY, b"<html>404</html>"),
        (False, REGISTRY, b'{"errors":[]}'),
        (False, REGISTRY, b'{"errors":{"code":"MANIFEST_UNKNOWN"}}'),
        (False, REGISTRY, b'["errors"]'),
        (False, REGISTRY, b"[" * 60_000),
        (False, REGISTRY, error("MANIFEST_BLOB_UNKNOWN", "blob unknown to registry")),
        (False, REGISTRY, error("BLOB_UNKNOWN")),
        (False, REGISTRY, error("DENIED", "requested access to the resource is denied")),
        (False, REGISTRY, error("UNAUTHORIZED")),
        (False, REGISTRY, error("NAME_INVALID")),
        (False, REGISTRY, error("UNSUPPORTED")),
        (False, REGISTRY, error("TOOMANYREQUESTS")),
        (False, REGISTRY, b'{"errors":[{"code":"MANIFEST_UNKNOWN"},{"code":"DENIED"}]}'),
        (False, REGISTRY, b'{"errors":[{"code":["MANIFEST_UNKNOWN"]}]}'),
        (
            False,
            REGISTRY,
            error(
                "MANIFEST_UNKNOWN",
                "OCI manifest found, but accept header does not support OCI manifests",
            ),
        ),
        (
            False,
            REGISTRY,
            error(
                "MANIFEST_UNKNOWN",
                "OCI index found, but Accept header does not support OCI indexes",
            ),
        ),
        (
            False,
            REGISTRY,
            error("MANIFEST_UNKNOWN", "Manifest has media type 'x', but client accepts 'y'."),
        ),
    ],
)
def test_only_a_registry_s_own_word_proves_absence(
    expected: bool, headers: dict[str, str], body: bytes
) -> None:
    """Its error code does, if it does not speak of the media type; without a body, its header
    does."""
    assert expected is proves_absence(Answer(404, headers, body))


@pytest.mark.parametrize(
    ("expected", "header"),
    [
        (
            {"realm": "https://r/oauth2/token", "service": "r", "scope": "repository:a:pull"},
            'Bearer realm="https://r/oauth2/token",service="r",scope="repository:a:pull"',
        ),
        ({"realm": "x", "service": "y"}, 'bearer Realm="x", service="y"'),
        ({"realm": "x", "service": "y"}, "Bearer realm = x , service=y"),
        ({"realm": "x"}, 'Basic realm="b", Bearer realm="x"'),
        ({"realm": "x"}, 'Basic realm="b", charset="UTF-8",Bearer realm="x", Basic realm="b"'),
        ({"realm": "x"}, 'Negotiate YQ==, Bearer realm="x", Bearer realm="y"'),
        (
            {"realm": "x", "error_description": "no, Basic a=1"},
            '''Bearer realm="x",
        error_description="no, Basic a=1"''',
        ),
        ({"realm": 'x"y'}, 'Basic realm="a\\"b Bearer c", Bearer realm="x\\"y"'),
        ({}, "Bearer"),
        (None, 'Basic realm="Bearer realm"'),
        (None, 'Basic realm="x"'),
        (None, ""),
    ],
)
def test_challenges_are_read(expected: dict[str, str] | None, header: str) -> None:
    """Only Bearer is a challenge that we can answer."""
    assert expected == parse_challenge(header)
