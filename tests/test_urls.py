"""Parsing URLs: which texts can be a host, and the one spelling of a registry."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acr_global.urls import (
    check_host,
    check_url,
    fold_host,
    is_loopback,
    parse_host,
    resolve_url,
    shown_url,
    split_url,
    split_userinfo,
)

LONG = ".".join(["x" * 63] * 3 + ["x" * 61])


@pytest.mark.parametrize(
    "host",
    [
        "hooks.example.com",
        "hooks.example.com.",
        "localhost",
        "my_service",
        "_hooks.example.com",
        "a--b.example",
        "xn--bcher-kva.example",
        "XN--FA-HIA.example",
        "xn--ls8h.example",
        "3com.example",
        "x" * 63 + ".example",
        LONG,
        LONG + ".",
        "127.0.0.1",
        "::1",
        "fe80::1%eth0",
    ],
)
def test_a_valid_host_is_accepted(host: str) -> None:
    """Names that resolvers know, such as those of container networks, and addresses are."""
    check_host(host)


@pytest.mark.parametrize(
    ("host", "said"),
    [
        ("hooks..example.com", "dots"),
        (".example.com", "dots"),
        ("example.com..", "dots"),
        ("", "dots"),
        (".", "dots"),
        ("x" * 64 + ".example", "63"),
        (LONG + "x", "253"),
        ("-x.example", "hyphen"),
        ("x-.example", "hyphen"),
        ("x.-example", "hyphen"),
        ("a,b.example", "letters"),
        ("a%2eb.example", "letters"),
        ("a*.example", "letters"),
        ("a b", "letters"),
        ("bücher.example", "letters"),
        ("xn--a.example", "xn--"),
        ("a.xn--zzzzzzz99999", "xn--"),
        ("256.1.1.1", "address"),
        ("1.2.3", "address"),
        ("0x7f.1", "address"),
        ("::g", "address"),
        ("1:2", "address"),
    ],
)
def test_an_invalid_host_is_refused(host: str, said: str) -> None:
    """It is found before any look-up, and its text is not shown."""
    with pytest.raises(ValueError, match=said) as caught:
        check_host(host)
    assert not host or host not in str(caught.value) or host == "."


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        ("x.azurecr.io", "x.azurecr.io:443"),
        ("x.azurecr.io", "x.azurecr.io:80"),
        ("x.azurecr.io", "x.azurecr.io:"),
        ("x.azurecr.io", "X.AZURECR.IO."),
        ("x.azurecr.io", "\tx.azurecr.io\r\n"),
        ("x.azurecr.io", "HTTPS://x.azurecr.io./"),
        ("x.azurecr.io:5000", "http://x.azurecr.io:05000/"),
        ("[::1]:5000", "[0:0:0::1]:5000"),
        ("xn--bcher-kva.example", "Bücher.example"),
        ("x.azurecr.io", "\uff58.azurecr.io\uff0e"),
    ],
)
def test_one_host_has_one_spelling(expected: str, text: str) -> None:
    """What makes no difference on the network makes none in a name."""
    assert expected == fold_host(text)
    assert expected == fold_host(expected)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "https://",
        "https://x/v2/",
        "ftp://x",
        "u:p@x",
        "x:0",
        "x:65536",
        "x:٣",
        "::1",
        "[::1",
        "[1.2.3.4]",
        "[r].azurecr.io",
        "x?y",
        "\ud800",
        "ü" * 100_000,
    ],
)
def test_a_text_that_spells_no_host_is_refused(text: str) -> None:
    """Nothing is guessed."""
    with pytest.raises(ValueError, match=r"."):
        fold_host(text)


@given(st.text(alphabet="aX1.:[]-_/@%xn \u00fc\uff0e\ud800") | st.text())
def test_folding_twice_changes_nothing(text: str) -> None:
    """A text that cannot be folded raises no other error."""
    try:
        folded = fold_host(text)
    except ValueError:
        return
    assert folded == fold_host(folded)


def test_a_regional_endpoint_is_its_registry() -> None:
    """Requests through a regional endpoint belong to the same push."""
    assert "myregistry.azurecr.io" == parse_host("MyRegistry.eastus.geo.azurecr.io")
    assert "myregistry.azurecr.io" == parse_host(" MyRegistry.azurecr.io ")
    assert "127.0.0.1:5000" == parse_host("127.0.0.1:5000")


@pytest.mark.parametrize("value", ["", "a/b", "ho st", "-x"])
def test_a_registry_that_cannot_be_a_host_is_refused(value: str) -> None:
    """An invalid host is an error, and not a registry of its own."""
    with pytest.raises(ValueError, match="host name"):
        parse_host(value)


@pytest.mark.parametrize(
    ("expected", "host"),
    [
        (True, "localhost"),
        (True, "127.0.0.9"),
        (True, "::1"),
        (False, "127.0.0.1.example"),
        (False, "a.localhost"),
        (False, "10.0.0.1"),
        (False, ""),
        (False, None),
    ],
)
def test_this_machine_is_known_by_its_addresses(expected: bool, host: str | None) -> None:
    """Names that only look like loopback, or that a resolver may send elsewhere, do not count."""
    assert expected is is_loopback(host)


def test_a_url_is_taken_apart_as_it_is_written() -> None:
    """Nothing is decoded; only the host is put into lower case."""
    url = split_url("HTTPS://a%40b:p@Hooks.Example.com:8443/p%2Fq?sig=%2F#end")
    assert ("https", "a%40b:p", "Hooks.Example.com:8443") == (url.scheme, url.userinfo, url.place)
    assert ("hooks.example.com", 8443) == (url.host, url.port)
    assert ("/p%2Fq", "sig=%2F", "end") == (url.path, url.query, url.fragment)


@pytest.mark.parametrize(
    ("userinfo", "text"), [(None, "https://h/"), ("", "https://@h/"), ("a@b", "https://a@b@h/")]
)
def test_a_user_ends_at_the_last_at_sign(userinfo: str | None, text: str) -> None:
    """Everything before it would be sent as credentials, even an empty user."""
    url = split_url(text)
    assert (userinfo, "h") == (url.userinfo, url.host)


@pytest.mark.parametrize(
    ("bare", "userinfo", "text"),
    [
        ("https://h/x?u=//a@h", None, "https://h/x?u=//a@h"),
        ("https://h/x?u=//a@h", "a", "https://a@h/x?u=//a@h"),
        ("https://h:1/%2F", "a%40:b", "https://a%40:b@h:1/%2F"),
        ("https://h/", "", "https://@h/"),
    ],
)
def test_a_user_is_taken_out_of_a_url(bare: str, userinfo: str | None, text: str) -> None:
    """The rest stays as it is written, for it may be signed."""
    assert (bare, userinfo) == split_userinfo(text)


@pytest.mark.parametrize("text", ["https://[::1", "https://h:65536", "https://h:x", "//h:-1"])
def test_a_url_that_cannot_be_parsed_raises(text: str) -> None:
    """Even a wrong port is found at once."""
    with pytest.raises(ValueError, match=r"."):
        split_url(text)


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        (True, "http://hooks.example.com"),
        (False, "https://hooks.example.com"),
        (False, "http://localhost:80"),
        (False, "http://[::1]/"),
    ],
)
def test_in_clear_is_what_others_on_the_way_could_read(expected: bool, text: str) -> None:
    """Plain http to this machine does not leave it."""
    assert expected is check_url(text).in_clear


def test_origins_are_compared_with_the_port_that_the_scheme_has() -> None:
    """A default port counts whether it is written or not."""
    assert split_url("https://h").origin == split_url("HTTPS://H:443/x").origin
    assert split_url("https://h").origin != split_url("http://h").origin


@given(st.text())
def test_a_url_that_was_checked_can_be_taken_apart(text: str) -> None:
    """Anything wrong is a ValueError, and a checked URL has all its parts."""
    try:
        url = check_url(text)
    except ValueError:
        return
    assert split_url(text) == url


def test_a_url_shows_no_user_path_or_query() -> None:
    """Its repr hides them too, and a text that is no URL is hidden whole."""
    for text in ("https://user:hush@h:8443/hush?hush#hush", "https://user:hush@h:8443"):
        assert "https://h:8443" == shown_url(text)
        assert "hush" not in repr(split_url(text))
    assert "***" == shown_url("https://[hush")


def test_a_reference_is_resolved_without_its_fragment() -> None:
    """Location is resolved as browsers do."""
    assert "https://h/b?c" == resolve_url("https://h/a", "/b?c#d")
    assert "http://other/" == resolve_url("https://h/a", "http://other/")


def test_a_name_by_the_newer_idna_rules_is_valid() -> None:
    """The xn-- form of `faß.de` reads back as itself by IDNA 2008, but not by IDNA 2003."""
    assert "xn--fa-hia.de" == check_url("https://xn--fa-hia.de/x").host
