"""To which hosts questions and tokens may go."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acr_global.registry.addresses import (
    Endpoint,
    endpoint_for,
    login_server,
    manifest_path,
    token_origin,
)
from acr_global.registry.guard import CheckFailedError
from tests.registry.fakes import DIGEST, access, question

EAST = "https://myregistry.eastus.geo.azurecr.io"


@pytest.mark.parametrize("host", ["myregistry.azurecr.io", "MyRegistry.westeurope.geo.azurecr.io"])
def test_a_region_is_asked_at_its_own_host(host: str) -> None:
    """The host follows from registry and region, whichever host the event named."""
    asked = question("eastus", registry=host)
    assert EAST == endpoint_for(asked, access("manifest"), "East US").origin


def test_an_event_cannot_choose_the_registry() -> None:
    """Where the settings name the registry, an event of another one is not followed."""
    with pytest.raises(CheckFailedError, match="another registry than the settings"):
        endpoint_for(
            question("eastus", registry="another.azurecr.io"), access("manifest"), "eastus"
        )


def test_a_login_server_may_carry_a_hash() -> None:
    """A registry with a domain name label has a login server of name and hash."""
    asked = question("eastus", registry="myregistry-a1b2c3.azurecr.io")
    found = endpoint_for(asked, access("manifest"), "eastus")
    assert "https://myregistry-a1b2c3.eastus.geo.azurecr.io" == found.origin


@pytest.mark.parametrize(
    "host",
    [
        None,
        "",
        "localhost:5000",
        "evil.example",
        "a.b.azurecr.io",
        "myregistry.azurecr.io.evil.example",
        "evil.example/.azurecr.io",
        "evil.example#myregistry.azurecr.io",
        "myregistry.azurecr.io:1",
    ],
)
def test_only_a_registry_host_gives_an_address(host: str | None) -> None:
    """A host that is not an ACR login server gives none."""
    with pytest.raises(CheckFailedError, match="no ACR registry"):
        endpoint_for(question("eastus", registry=host), access("manifest"), "eastus")


@given(host=st.text() | st.from_regex(r"[a-z./@#?:]{1,20}\.azurecr\.io"), region=st.text())
def test_no_event_leads_outside_the_registrys_domain(host: str, region: str) -> None:
    """The result is no address, or https at a host under azurecr."""
    try:
        origin = endpoint_for(
            question(region, registry=host), access("manifest", resource_id=None), region
        ).origin
    except CheckFailedError:
        return
    parts = urlsplit(origin)
    assert ("https", True) == (
        parts.scheme,
        bool(re.search(r"\.azurecr\.(io|cn|us)$", parts.netloc)),
    )


@pytest.mark.parametrize(
    ("expected", "url"),
    [
        ("http://127.0.0.1:5000", "http://127.0.0.1:5000/"),
        ("http://[::1]:5000", "http://[::1]:5000"),
        ("https://replica.example", "https://Replica.example"),
    ],
)
def test_a_set_endpoint_is_used_as_it_is(expected: str, url: str) -> None:
    """An endpoint from the settings needs no registry in the event."""
    ask = access("manifest", region_endpoints={"East US": url})
    assert expected == endpoint_for(question("eastus", registry=None), ask, "eastus").origin


@pytest.mark.parametrize(
    ("expected", "url"),
    [
        ("the region's endpoint needs https", "http://replica.example"),
        ("the region's endpoint is not a URL", "https://replica.example:port"),
        *(
            ("the region's endpoint is not scheme, host and port alone", url)
            for url in ("https://u:p@replica.example", "https://replica.example/v2", "ftp://x")
        ),
    ],
)
def test_an_unsafe_endpoint_is_not_used(expected: str, url: str) -> None:
    """Plain http is allowed only to this machine, and the URL may name nothing but the place."""
    with pytest.raises(CheckFailedError) as caught:
        endpoint_for(question("eastus"), access(region_endpoints={"eastus": url}), "eastus")
    assert expected == str(caught.value)


def test_the_path_is_made_of_repository_and_digest() -> None:
    """Its form is that of the distribution specification."""
    assert f"/v2/team/app/manifests/{DIGEST}" == manifest_path(question("eastus"))


@pytest.mark.parametrize(
    ("expected", "changes"),
    [
        ("no digest in the event: cannot check", {"digest": None}),
        ("not a digest", {"digest": "sha256:../../x"}),
        ("not a digest", {"digest": DIGEST + "\n"}),
        ("no usable repository in the event", {"repository": None}),
        ("no usable repository in the event", {"repository": "a" * 256}),
        ("not a repository name", {"repository": "../admin"}),
        ("not a repository name", {"repository": "a/../b"}),
        ("not a repository name", {"repository": "a?x=1"}),
        ("not a repository name", {"repository": "Team/App"}),
    ],
)
def test_nothing_else_is_put_into_a_path(expected: str, changes: dict[str, str | None]) -> None:
    """The webhook's body names repository and digest, so they must pass the grammar first."""
    with pytest.raises(CheckFailedError) as caught:
        manifest_path(question("eastus", **changes))
    assert expected == str(caught.value)


@given(repository=st.text(), digest=st.text())
def test_a_path_never_holds_what_the_grammar_forbids(repository: str, digest: str) -> None:
    """Any text gives no path, or one of plain characters that stays below its root."""
    try:
        path = manifest_path(question("eastus", repository=repository, digest=digest))
    except CheckFailedError:
        return
    assert re.fullmatch(r"/v2/[a-z0-9._/-]+/manifests/sha\d+:[0-9a-f]+", path)
    assert ".." not in path


AZURE = Endpoint(EAST, "myregistry.eastus.geo.azurecr.io", "myregistry")
LOCAL = Endpoint("http://127.0.0.1:5000", "127.0.0.1", None)
SELF_HOSTED = Endpoint("https://replica.example", "replica.example", None)


@pytest.mark.parametrize(
    ("expected", "endpoint", "realm"),
    [
        ("https://myregistry.azurecr.io", AZURE, "https://myregistry.azurecr.io/oauth2/token"),
        (EAST, AZURE, f"{EAST}/oauth2/token"),
        ("http://127.0.0.1:5000", LOCAL, "http://127.0.0.1:5000/oauth2/token"),
    ],
)
def test_the_identity_is_shown_to_the_registry_itself(
    expected: str, endpoint: Endpoint, realm: str
) -> None:
    """This is the same registry, global or regional, or the same place on this machine."""
    assert expected == token_origin(endpoint, realm)


@pytest.mark.parametrize(
    ("endpoint", "realm"),
    [
        (AZURE, "https://evil.example/oauth2/token"),
        (AZURE, "https://evil.azurecr.io/oauth2/token"),
        (AZURE, "http://myregistry.azurecr.io/oauth2/token"),
        (AZURE, "https://myregistry.azurecr.io@evil.example/oauth2/token"),
        (AZURE, "https://myregistry.azurecr.io:8443/oauth2/token"),
        (AZURE, "http://127.0.0.1/oauth2/token"),
        (AZURE, "https://[myregistry/oauth2/token"),
        (AZURE, ""),
        (LOCAL, "http://127.0.0.1:5001/oauth2/token"),
        (LOCAL, "https://myregistry.azurecr.io/oauth2/token"),
        (SELF_HOSTED, "https://replica.example/token"),
    ],
)
def test_the_identity_is_shown_to_nobody_else(endpoint: Endpoint, realm: str) -> None:
    """A challenge cannot send it to another host, port, scheme or registry."""
    with pytest.raises(CheckFailedError):
        token_origin(endpoint, realm)


@pytest.mark.parametrize("cloud", ["azurecr.io", "azurecr.cn", "azurecr.us"])
def test_every_clouds_login_server_is_known(cloud: str) -> None:
    """Name and cloud are separated, with or without a region."""
    assert ("myregistry", cloud) == login_server(f"myregistry.{cloud}")
    assert ("myregistry", cloud) == login_server(f"myregistry.eastus.geo.{cloud}")
    assert ("myregistry", cloud) == login_server(f"MyRegistry.{cloud}.")
