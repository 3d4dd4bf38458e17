"""Whatever is asked, at whatever door: no fault of the app's, and nobody else's instance; in
virtual time."""

from __future__ import annotations

import contextlib
import json
import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from acr_global_rig.registry import REGIONS, event
from acr_global_rig.world import World, world
from tests import strange
from tests.e2e.browsing import HERE, Browser

OWN = "p1"
"""A push that waits; what is posted here is of another."""
UNKNOWN = "unknown.example"
"""A registry whose regions a wrong setting hides: its webhooks are answered 503, and logged."""
DOORS = {
    "GET": (
        *("pushes", "pushes/{}", "regions", "deadletters", "deadletters/{}", "badge/{}/{}.svg"),
        *("health", "diagnosis", "openapi.json", "ui", "ui/pushes/{}", "ui/regions", "ui/{}"),
        *("ui/deadletters", "ui/deadletters/{}", "ui-assets/{}", "{}"),
    ),
    "POST": (
        *("pushes/{}/retry", "deadletters/{}/replay", "targets/{}/test", "ui-signin"),
        *("ui/pushes/{}/retry", "ui/deadletters/{}/replay", "ui/signout", "ui/{}", "ImagePush"),
    ),
}
PARAMETERS = (
    *("state", "registry", "repository", "image", "missing", "since", "after", "done", "v"),
    *("region", "caught_up", "code", "tag", "csrf"),
)
HEADERS = (
    *("Content-Type", "Accept", "Origin", "Sec-Fetch-Site", "Cookie", "If-None-Match", "Host"),
    *("X-Forwarded-For", "X-Forwarded-Host", "X-MS-Client-Principal", "X-HTTP-Method-Override"),
    *("x-functions-key", "Content-Encoding", "traceparent"),
)


@dataclass(frozen=True)
class Asked:
    """One request, as it goes over the wire."""

    method: str
    path: str
    """With its query, quoted as far as the one who asks has done it."""
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


@st.composite
def quoted(draw: st.DrawFn) -> str:
    """An odd text in an address: some quote each sign, some hardly any, some twice."""
    safe = draw(st.sampled_from(["", "", "/", "/%._~;@=&?#$'!"]))
    text = quote(draw(strange.texts)[:3_000].encode("utf-8", "surrogatepass"), safe=safe)
    return quote(text) if draw(st.integers(0, 9)) == 0 else text


lines = strange.texts.map(lambda text: re.sub(r"[\x00-\x1f\x7f]|[^\x00-\xff]", "", text)[:2_000])
queries = st.lists(
    st.tuples(st.sampled_from(PARAMETERS) | quoted(), quoted()).map("=".join), max_size=4
).map("&".join)
headers = st.dictionaries(st.sampled_from(HEADERS), lines, max_size=3)
bodies = strange.posted(event("p2"), {"events": [event("p3"), event("p4")]}, {"csrf": "x"})


@st.composite
def asked(draw: st.DrawFn) -> Asked:
    """A request at one of the doors."""
    method = draw(st.sampled_from(["GET", "POST"]))
    path = re.sub("{}", lambda _: draw(quoted()), draw(st.sampled_from(DOORS[method])))
    body = draw(bodies) if method == "POST" else b""
    return Asked(method, f"{path}?{draw(queries)}", draw(headers), body)


@st.composite
def webhooks(draw: st.DrawFn) -> Asked:
    """A webhook that is nearly right."""
    about = {"id": draw(st.sampled_from(["p2", "P2"]) | st.sampled_from(strange.IDS))}
    region = draw(st.sampled_from([*REGIONS, quote("North Europe")]) | quoted())
    more = draw(st.just("") | queries)
    host = draw(st.sampled_from(["myregistry.azurecr.io", UNKNOWN]) | lines)
    whole = event("p2", host=host) | about
    body = draw(st.just(json.dumps(whole).encode()) | strange.posted(whole))
    return Asked("POST", f"ImagePush?region={region}&{more}", draw(headers), body)


class Log(logging.Handler):
    """What is logged while requests are made."""

    def __init__(self) -> None:
        super().__init__()
        self.faults: list[str] = []
        """Everything with a traceback, which a function that breaks down leaves."""

    def emit(self, record: logging.LogRecord) -> None:
        """Note a line that should not be there."""
        said = record.getMessage()
        if record.exc_info or "Traceback" in said:
            self.faults.append(said)


@contextlib.contextmanager
def logged() -> Iterator[Log]:
    """Every line until the block ends."""
    found, root = Log(), logging.getLogger()
    root.addHandler(found)
    try:
        yield found
    finally:
        root.removeHandler(found)


async def ask(w: World, cookie: str, one: Asked) -> tuple[int, str]:
    """Make a request of somebody who has signed in, unless it says who."""
    own = HERE | {"Cookie": cookie} | one.headers
    url = URL(f"{w.host.url}/api/{one.path}", encoded=True)
    async with w.session.request(
        one.method, url, headers=own, data=one.body or None, allow_redirects=False
    ) as answer:
        return answer.status, await answer.text()


def reason(text: str) -> str:
    """The slug of an answer that is an error's; empty of the host's own, and of a page."""
    if not text.startswith("{"):
        return ""
    document = json.loads(text)
    assert document.get("message") or "results" in document
    return str(document.get("reason", "in-results"))


def accepted(text: str) -> set[str]:
    """The pushes that an answer says are kept."""
    try:
        document: Any = json.loads(text)
    except ValueError:
        return set()
    one = [document] if isinstance(document, dict) else []
    answers = [*one, *(document.get("results") or [] if one else [])]
    return {answer["push"] for answer in answers if answer.get("status") == "accepted"}


async def no_fault(w: World, requests: list[Asked]) -> None:
    """Make these requests beside a push that waits, and see that nothing else happens."""
    kept = {OWN}
    with logged() as log:
        await w.post(event(OWN), REGIONS[0])
        await w.host.settle()
        cookie = (await Browser.signed_in(w.session, w.host.url)).cookie
        for one in requests:
            status, text = await ask(w, cookie, one)
            assert 500 > status or "settings-invalid" in text, (one, text)
            if status in (400, 404, 409, 413):
                assert re.fullmatch("[a-z-]*", reason(text)), (one, text)
            if status in (200, 202) and one.path.lower().startswith("imagepush"):
                kept |= accepted(text)
        await w.host.settle()
    assert [] == log.faults
    there = w.host.storage.instances.values()
    assert kept == {i.id for i in there if not i.id.startswith("_")}
    assert {"WaitForAllRegions"} == {i.name for i in there if not i.id.startswith("_")}
    assert not [i for i in there if i.id.startswith(("_group", "_delivery", "_caught-up"))]
    waiting = w.host.storage.instances[OWN]
    assert ("Running", list(REGIONS[1:])) == (
        waiting.runtime_status,
        waiting.custom_status["missing"],
    )


@pytest.mark.fuzz
@strange.few(5)
@given(st.lists(asked(), min_size=4, max_size=12))
async def test_no_request_is_a_fault_of_the_app(requests: list[Asked]) -> None:
    """Nothing 5xx, no traceback, and the push that waits is untouched."""
    async with world(BADGE="*") as w:
        await no_fault(w, requests)


@pytest.mark.fuzz
@strange.few(5)
@given(st.lists(webhooks(), min_size=4, max_size=12))
async def test_a_webhook_begins_its_own_push_at_most(requests: list[Asked]) -> None:
    """Whatever its id, its region and its headers are."""
    async with world(REGISTRIES=json.dumps({UNKNOWN: {"regions": 5}})) as w:
        await no_fault(w, requests)
