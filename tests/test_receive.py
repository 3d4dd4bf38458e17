"""The query and body of a request become push events, or an answer that says why not."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acr_global.correlation import push_key
from acr_global.errors import RejectedError, SettingsError
from acr_global.model import Action, PushEvent
from acr_global.receive import (
    MAX_BODY_BYTES,
    MAX_EVENTS,
    Ignored,
    Received,
    Refusal,
    Stray,
    is_caught_up,
    receive,
)
from acr_global.settings import Settings, load_settings

SAMPLES = Path(__file__).parent / "samples"
EVERYTHING = "push,chart_push,delete,chart_delete,quarantine"
PUSH = json.loads((SAMPLES / "02_push_captured_2026.json").read_text())


def settings(**given: str) -> Settings:
    """Settings with two regions, and what a test adds."""
    environ = {"ACR_GLOBAL_REGIONS": "West Europe,eastus"} | {
        f"ACR_GLOBAL_{name}": value for name, value in given.items()
    }
    loaded = load_settings(environ)
    assert not loaded.problems
    return loaded.settings


def receive_json(document: Any, region: str = "eastus", **given: str) -> Received:
    """One request with a JSON body."""
    return receive({"region": region}, json.dumps(document).encode(), settings(**given))


def pushed(document: Any, **given: str) -> PushEvent:
    """The only push event of a request."""
    (result,) = receive_json(document, **given).results
    assert isinstance(result, PushEvent)
    return result


def reason(document: Any, region: str = "eastus", **given: str) -> str:
    """The reason slug of the answer to a request that is refused."""
    try:
        (result,) = receive_json(document, region, **given).results
    except RejectedError as error:
        return error.reason
    assert isinstance(result, Ignored | Refusal)
    return result.reason


def stray(document: Any, region: str, **given: str) -> str:
    """The slug of the answer to a push from an unexpected region, unless an open push waits for
    that region."""
    environ = {f"ACR_GLOBAL_{name}": value for name, value in given.items()}
    settings = load_settings({"ACR_GLOBAL_REGIONS": "eastus"} | environ).settings
    (result,) = receive({"region": region}, json.dumps(document).encode(), settings).results
    assert isinstance(result, Stray)
    assert (region, document["id"]) == (result.event.region, result.event.id)
    return result.otherwise.reason


def changed(path: str, value: Any) -> dict[str, Any]:
    """The captured push with one field changed."""
    document: dict[str, Any] = json.loads(json.dumps(PUSH))
    *parents, last = path.split(".")
    at = document
    for parent in parents:
        at = at[parent]
    at[last] = value
    return document


@pytest.mark.parametrize(
    ("sample", "action", "reference", "registry"),
    [
        ("01_push_docs", "push", "hello-world:v1", "myregistry.azurecr.io"),
        ("02_push_captured_2026", "push", "hello-world:test-v1", "mojrodevops.azurecr.io"),
        (
            "03_delete_docs",
            "delete",
            "hello-world@sha256:80f0d5c8786bb9e621a45ece0db56d11cdc624ad20da9fe62e9d25490f331d7d",
            "myregistry.azurecr.io",
        ),
        ("05_quarantine_docs", "quarantine", "helloworld:1", None),
        ("06_chart_push_docs", "chart_push", "repo:wordpress-5.4.0.tgz", None),
        ("07_chart_delete_docs", "chart_delete", "repo:wordpress-5.4.0.tgz", None),
        ("08_push_untagged_child_composed", "push", f"team/app@sha256:{'a' * 64}", None),
        ("09_push_oci_index_composed", "push", "team/app:v2", "myregistry.azurecr.io"),
    ],
)
def test_every_sample_is_understood(
    sample: str, action: str, reference: str, registry: str | None
) -> None:
    """Documented, captured and composed bodies all become events."""
    event = pushed(json.loads((SAMPLES / f"{sample}.json").read_text()), ACTIONS=EVERYTHING)
    assert (Action(action), reference) == (event.action, event.artifact.reference)
    assert registry in (event.artifact.registry, None)
    assert () == event.dropped or sample == "05_quarantine_docs"  # its host is a placeholder
    assert "eastus" == event.region


def test_nine_digit_fractions_cost_nothing() -> None:
    """Digits beyond the microsecond are cut off."""
    documented = json.loads((SAMPLES / "01_push_docs.json").read_text())
    timestamp = pushed(documented).timestamp
    assert timestamp is not None
    assert "2017-11-17T16:52:01.343145+00:00" == timestamp.isoformat()
    assert () == pushed(documented).dropped


@pytest.mark.parametrize(
    "odd",
    [
        "yesterday",
        "2026-01-01T00:00:00",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59.9999999Z",
        "0000-01-01T00:00:00Z",
        "10000-01-01T00:00:00Z",
        "2016-12-31T23:59:60Z",
        "2026-02-30T00:00:00Z",
        "2026-01-01T24:00:00Z",
        "2026-01-01T00:00:00+24:00",
        "1e400",
        "9" * 400,
        7,
        True,
        {"at": 1},
    ],
)
def test_a_time_that_cannot_be_used_is_dropped_and_noted(odd: Any) -> None:
    """The log line of the arrival names the field."""
    event = pushed(changed("timestamp", odd))
    assert (None, ("timestamp",)) == (event.timestamp, event.dropped)


@pytest.mark.parametrize("absent", ["", None])
def test_a_missing_time_is_not_noted(absent: str | None) -> None:
    """Some events have none."""
    event = pushed(changed("timestamp", absent))
    assert (None, ()) == (event.timestamp, event.dropped)


def test_a_ping_is_ignored_if_some_registry_expects_the_region() -> None:
    """A ping does not name a registry."""
    ping = json.loads((SAMPLES / "04_ping_captured_2021.json").read_text())
    registries = json.dumps({"other.azurecr.io": {"regions": "brazilsouth"}})
    assert "ping" == reason(ping)
    assert "ping" == reason(ping, "brazilsouth", REGISTRIES=registries)
    assert "region-unknown" == reason(ping, "nowhere")


def test_actions_are_watched_by_choice() -> None:
    """By default only pushes are; an unknown action never is."""
    delete = json.loads((SAMPLES / "03_delete_docs.json").read_text())
    assert "action-not-watched" == reason(delete)
    assert "action-not-watched" == reason(changed("action", "scan"))


@pytest.mark.parametrize("tag", [None, ""])
def test_absent_null_and_empty_mean_absent(tag: str | None) -> None:
    """Pushes by digest have been seen with each of the three."""
    assert pushed(changed("target.tag", tag)).artifact.tag is None


@pytest.mark.parametrize("region", ["West Europe", "westeurope", " WESTEUROPE "])
def test_regions_are_compared_without_case_and_blanks(region: str) -> None:
    """People write `West Europe` and `westeurope`."""
    (event,) = receive_json(PUSH, region).results
    assert isinstance(event, PushEvent)
    assert "westeurope" == event.region


def test_the_registry_in_the_querystring_wins() -> None:
    """Self-hosted replicas have hosts of their own but one registry's name."""
    query = {"region": "eastus", "registry": "MyRegistry.azurecr.io"}
    (event,) = receive(query, json.dumps(PUSH).encode(), settings()).results
    assert isinstance(event, PushEvent)
    assert "myregistry.azurecr.io" == event.artifact.registry
    with pytest.raises(RejectedError, match="host name"):
        receive(query | {"registry": "a b"}, b"{}", settings())


@pytest.mark.parametrize(
    "odd", ["a b/c", "x..y", "::::", "x:99999", "x" * 2_000, "a\x00b", "\ud800", 7, {"a": 1}]
)
def test_an_odd_request_host_counts_as_unknown(odd: Any) -> None:
    """The client that pushed wrote that header, so it must not cost the arrival; the log line names
    the field."""
    event = pushed(changed("request.host", odd))
    assert (None, ("request.host",)) == (event.artifact.registry, event.dropped)
    assert ("request.host",) == pushed(changed("request", "odd")).dropped
    assert pushed(changed("request", None)).artifact.registry is None


@pytest.mark.parametrize(
    "spelling",
    [
        "r.azurecr.io",
        "r.azurecr.io:443",
        "R.AZURECR.IO.",
        " r.azurecr.io ",
        "https://r.azurecr.io/",
        "r.azurecr.io.:443",
        "R.eastus.geo.azurecr.io:443",
    ],
)
def test_a_registry_has_one_spelling(spelling: str) -> None:
    """The spelling in the settings, the querystring or the body makes no difference to its policy
    and ids."""
    own = {"REGIONS": "", "REGISTRIES": json.dumps({spelling: {"regions": "eastus"}})}
    event = pushed(changed("request.host", spelling), **own)
    plain = pushed(changed("request.host", "r.azurecr.io"), **own)
    assert "r.azurecr.io" == event.artifact.registry
    assert push_key(plain, "content") == push_key(event, "content")
    query = {"region": "eastus", "registry": spelling}
    assert (plain,) == receive(query, json.dumps(PUSH).encode(), settings(**own)).results


@pytest.mark.parametrize("host", [None, "a b"])
def test_an_event_of_no_known_registry_is_no_fault_of_the_webhook(host: str | None) -> None:
    """Where only listed registries have regions, the event stands whole in the log, to be posted
    again."""
    own = {"REGIONS": "", "REGISTRIES": '{"r.azurecr.io": {"regions": "eastus"}}'}
    assert "settings-invalid" == stray(changed("request.host", host), "eastus", **own)
    assert "region-unknown" == stray(changed("request.host", "s.io"), "eastus", **own)


@pytest.mark.parametrize(
    ("body", "slug", "status"),
    [
        (b"", "body-not-json", 400),
        (b"\xff\xfe", "body-not-json", 400),
        (b"[" * 200_000, "body-too-deep", 400),
        (b'{"events": [' + b"7," * 500 + b"7]}", "too-many-events", 413),
        (b"[]", "body-not-object", 400),
        (b'"x"', "body-not-object", 400),
        (b" " * (MAX_BODY_BYTES + 1), "body-too-large", 413),
    ],
)
def test_a_body_that_is_no_event_is_refused(body: bytes, slug: str, status: int) -> None:
    """One sentence says what is wrong."""
    with pytest.raises(RejectedError) as caught:
        receive({"region": "eastus"}, body, settings())
    assert (slug, status) == (caught.value.reason, caught.value.status)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "with their Content-Length"),
        (b'[{"eventType": "Microsoft.ContainerRegistry.ImagePushed", "data": {}}]', "Event Grid"),
        (b'{"specversion": "1.0", "type": "Microsoft.ContainerRegistry.ImagePushed"}', "Event Gri"),
    ],
)
def test_what_was_lost_or_meant_for_another_door_is_said(body: bytes, said: str) -> None:
    """A gateway in between can lose bodies on this host; Event Grid is the registry's other way to
    tell. Sources: azure-functions-host#4926; MicrosoftDocs/azure-docs#33501."""
    with pytest.raises(RejectedError, match=said):
        receive({"region": "eastus"}, body, settings())


@pytest.mark.parametrize(("levels", "slug"), [(99, "action-not-watched"), (100, "body-too-deep")])
def test_a_body_has_a_hundred_levels_at_most(levels: int, slug: str) -> None:
    """Its first is the event's own. What is read must not be too deep for the log."""
    inside: Any = []
    for _ in range(levels - 1):
        inside = [inside]
    assert slug == reason({"action": "scan", "more": inside})


def test_an_envelope_of_many_events_is_received() -> None:
    """As many as a busy registry sends at once."""
    assert MAX_EVENTS == len(receive_json({"events": [PUSH] * MAX_EVENTS}).results)


def test_a_byte_order_mark_does_no_harm() -> None:
    """Some senders put one in front of the JSON."""
    body = b"\xef\xbb\xbf" + json.dumps(PUSH).encode()
    assert isinstance(receive({"region": "eastus"}, body, settings()).results[0], PushEvent)


@pytest.mark.parametrize(
    ("document", "slug"),
    [
        ({}, "action-missing"),
        (changed("id", None), "id-missing"),
        (changed("id", ""), "id-missing"),
        (changed("id", 7), "field-invalid"),
        (changed("id", "x/terminate?reason="), "id-invalid"),
        (changed("id", "-a"), "id-invalid"),
        (changed("id", "a" * 101), "id-invalid"),
        (changed("id", "a\n"), "field-invalid"),
        (changed("action", ["push"]), "field-invalid"),
        (changed("target", "x"), "field-invalid"),
        (changed("target.tag", 7), "field-invalid"),
        (changed("target.repository", "r" * 1_025), "field-invalid"),
        (changed("target.repository", "a\u0000b"), "field-invalid"),
        (changed("target.repository", "\ud800"), "field-invalid"),
        ({"events": {}}, "field-invalid"),
    ],
)
def test_what_is_wrong_has_a_slug(document: dict[str, Any], slug: str) -> None:
    """A field of the wrong type is never guessed at."""
    assert slug == reason(document)


def test_a_region_must_be_named_and_expected() -> None:
    """The answer names the fault; operators find it in the registry's own event log."""
    with pytest.raises(RejectedError, match="querystring"):
        receive({}, b"{}", settings())
    assert "region-unknown" == stray(PUSH, "brazilsouth")


@pytest.mark.parametrize(
    "query",
    [
        {"Region": "East US"},
        {"code": "hush", "amp;region": "eastus"},
        {"region": "eastus,East US"},
        {"REGISTRY": "s.io", "amp;Region": "eastus"},
        {"region": "eastus", "amp;region": "westus", "Region": "x"},
        {"region": "eastus,"},
        {"region": " ", "Region": "eastus"},
    ],
)
def test_a_region_that_is_meant_is_found(query: dict[str, str]) -> None:
    """In other letters, copied from a page's source, or said twice: the registry posts an event
    once. Source: azure-functions-host#1154."""
    (event,) = receive(query, json.dumps(PUSH).encode(), settings()).results
    assert isinstance(event, PushEvent)
    host = "s.io" if "REGISTRY" in query else PUSH["request"]["host"]
    assert ("eastus", host) == (event.region, event.artifact.registry)


def test_two_regions_are_none() -> None:
    """Which of them it is nobody can tell."""
    assert "region-unknown" == reason(PUSH, "eastus,westeurope")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"caught_up": "true"}, True),
        ({"Caught_Up": " True "}, True),
        ({"caught_up": "false"}, False),
        ({"caught_up": "0"}, False),
        ({"caught_up": ""}, False),
        ({}, False),
    ],
)
def test_only_what_says_so_was_caught_up(query: dict[str, str], expected: bool) -> None:
    """The event's own time would count, and an old one be overdue at once."""
    assert expected is is_caught_up(query)


@pytest.mark.parametrize("region", ["a/b", "x?y", "../durabletask", "é", "a" * 51, "-a", "a.b"])
def test_what_can_be_no_region_is_refused_at_once(region: str) -> None:
    """Nothing is looked up for such a name."""
    assert "region-unknown" == reason(PUSH, region)


def test_only_a_watched_push_can_be_waited_for_by_an_open_one() -> None:
    """Everything else from an unexpected region is refused at once."""
    delete = json.loads((SAMPLES / "03_delete_docs.json").read_text())
    assert "region-unknown" == reason(delete, "brazilsouth")
    assert "region-unknown" == reason(PUSH, "brazilsouth", EXCLUDE="*")


def test_regions_that_cannot_be_known_are_no_fault_of_the_webhook() -> None:
    """Such events may be posted again when the setting is right; other registries are
    unaffected."""
    wrong = json.dumps({"mojrodevops.azurecr.io": {"regions": 5}})
    assert "settings-invalid" == stray(PUSH, "eastus", REGISTRIES=wrong)
    assert "region-unknown" == stray(changed("request.host", "s.io"), "westus", REGISTRIES=wrong)
    assert "settings-invalid" == stray(PUSH, "eastus", REGIONS="a/b")


def test_a_ping_of_a_region_that_may_be_expected_is_told_so() -> None:
    """Its sender sees the answer in the registry's event log."""
    ping = json.loads((SAMPLES / "04_ping_captured_2021.json").read_text())
    body = json.dumps(ping).encode()
    wrong = load_settings(
        {"ACR_GLOBAL_REGIONS": "eastus", "ACR_GLOBAL_REGISTRIES": '{"r.io": {"regions": 5}}'}
    ).settings
    (known,) = receive({"region": "eastus"}, body, wrong).results
    assert Ignored("ping") == known
    (unknown,) = receive({"region": "brazilsouth"}, body, wrong).results
    assert isinstance(unknown, SettingsError)


def test_filters_decide_what_is_watched() -> None:
    """Untagged children and signatures are the usual noise."""
    child = json.loads((SAMPLES / "08_push_untagged_child_composed.json").read_text())
    assert "filtered" == reason(child, EXCLUDE="*:, *:sha256-*")
    assert "filtered" == reason(PUSH, INCLUDE="team/*")
    assert "filtered" == reason(changed("target.tag", "sha256-0a.sig"), EXCLUDE="*:sha256-*")
    assert "hello-world" == pushed(PUSH, EXCLUDE="*:").artifact.repository


def test_a_body_that_is_too_large_is_refused_first() -> None:
    """Its size is checked before its region and its content."""
    with pytest.raises(RejectedError) as caught:
        receive({}, b" " * (MAX_BODY_BYTES + 1), settings())
    assert 413 == caught.value.status


def test_an_event_with_a_field_events_is_an_event() -> None:
    """A body that names an action is no envelope, whatever else it holds."""
    assert "hello-world" == pushed(PUSH | {"events": []}).artifact.repository


def test_each_result_has_its_document() -> None:
    """An event that could not be kept can be logged as it came."""
    assert (PUSH,) == receive_json(PUSH).documents
    received = receive_json({"events": [PUSH, 7]})
    assert (PUSH, 7) == received.documents
    assert len(received.results) == len(received.documents)


def test_the_answer_to_an_unknown_region_names_the_settings() -> None:
    """Either of two settings may be the one to correct."""
    for setting in ("ACR_GLOBAL_REGIONS", "ACR_GLOBAL_REGISTRIES"):
        (result,) = receive_json(PUSH, "nowhere").results
        assert isinstance(result, Stray)
        assert setting in result.otherwise.message


def test_a_name_that_stands_twice_in_a_body_loses_nothing() -> None:
    """Unlike in settings, the last of the two counts, because a webhook is sent only once."""
    body = json.dumps(PUSH).replace('{"id"', '{"action": "x", "id": "x", "id"', 1).encode()
    (event,) = receive({"region": "eastus"}, body, settings()).results
    assert isinstance(event, PushEvent)
    assert PUSH["id"] == event.id


def test_each_event_of_an_envelope_has_its_own_result() -> None:
    """A bad event costs no good one, and layers are no pushes."""
    layer = changed("target.mediaType", "application/octet-stream")
    received = receive_json({"events": [PUSH, 7, layer, changed("id", None), PUSH]})
    assert received.envelope
    kinds = [getattr(r, "reason", "push") for r in received.results]
    assert ["push", "body-not-object", "not-a-manifest", "id-missing", "push"] == kinds


def test_the_documented_envelope_is_one_push() -> None:
    """Its layers have media types of their own, where a registry mostly says octet-stream."""
    sample = json.loads((SAMPLES / "14_distribution_envelope_docs.json").read_text())
    kinds = [getattr(r, "reason", "push") for r in receive_json(sample).results]
    assert ["push", "not-a-manifest", "not-a-manifest"] == kinds


@pytest.mark.parametrize(
    ("media_type", "slug"),
    [
        ("application/vnd.docker.image.rootfs.diff.tar.gzip", "not-a-manifest"),
        ("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", "not-a-manifest"),
        ("application/vnd.oci.image.layer.v1.tar+zstd", "not-a-manifest"),
        ("application/vnd.oci.image.layer.nondistributable.v1.tar", "not-a-manifest"),
        ("application/vnd.oci.image.config.v1+json", "push"),
        ("application/vnd.docker.distribution.manifest.v1+prettyjws", "push"),
        ("application/vnd.docker.distribution.manifest.v2+json", "push"),
        ("application/vnd.docker.distribution.manifest.list.v2+json", "push"),
        ("application/vnd.oci.image.manifest.v1+json", "push"),
        ("application/vnd.oci.image.index.v1+json", "push"),
        ("application/vnd.oci.artifact.manifest.v1+json", "push"),
        ("application/vnd.cncf.helm.config.v1+json", "push"),
        ("", "push"),
    ],
)
def test_only_what_is_known_to_be_a_blob_is_no_push(media_type: str, slug: str) -> None:
    """What may be a manifest of a new kind counts, because an event is sent once."""
    (result,) = receive_json(changed("target.mediaType", media_type)).results
    assert slug == getattr(result, "reason", "push")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@pytest.mark.fuzz
@given(
    st.dictionaries(
        st.sampled_from(["id", "timestamp", "action", "target", "request", "events"]) | st.text(),
        json_values | st.just("push"),
    )
)
def test_no_json_object_raises_another_error(document: dict[str, Any]) -> None:
    """The outcome is a result or a RejectedError."""
    with contextlib.suppress(RejectedError):
        receive_json(document)


@pytest.mark.fuzz
@given(st.binary())
def test_no_bytes_raise_another_error(body: bytes) -> None:
    """Bytes that are not JSON, or not even text, are at most a RejectedError."""
    with contextlib.suppress(RejectedError):
        receive({"region": "eastus"}, body, settings())
