"""Which proxy a URL goes through, decided by the environment as curl and requests do."""

from __future__ import annotations

import pytest

from acr_global import proxies
from acr_global.proxies import Proxy, ProxyError, proxy_for

URL = "https://hooks.example.com/x"
PROXY = "http://proxy.test:3128"


def found(url: str, **environ: str) -> str | None:
    """The proxy's address for a URL."""
    proxy = proxy_for(url, environ)
    return proxy.url if proxy else None


@pytest.mark.parametrize(
    ("expected", "environ"),
    [
        (None, {}),
        (PROXY, {"HTTPS_PROXY": PROXY}),
        (PROXY, {"https_proxy": PROXY}),
        (PROXY, {"Https_Proxy": PROXY}),
        (PROXY, {"https_proxy": PROXY, "HTTPS_PROXY": "http://other.test:1"}),
        (None, {"https_proxy": "", "HTTPS_PROXY": PROXY}),
        (PROXY, {"HTTPS_PROXY": "  ", "ALL_PROXY": PROXY}),
        (None, {"HTTP_PROXY": PROXY}),
        (PROXY, {"ALL_PROXY": PROXY}),
        (PROXY, {"all_proxy": PROXY}),
        (PROXY, {"HTTPS_PROXY": PROXY, "ALL_PROXY": "socks5://other.test:1"}),
        (PROXY, {"HTTPS_PROXY": "proxy.test:3128"}),
        (PROXY, {"HTTPS_PROXY": "//proxy.test:3128"}),
        (PROXY, {"HTTPS_PROXY": " http://proxy.test:3128/ \n"}),
        (PROXY, {"HTTPS_PROXY": "HTTP://proxy.test:3128"}),
        ("http://proxy", {"HTTPS_PROXY": "proxy"}),
        ("https://proxy.test:8443", {"HTTPS_PROXY": "https://proxy.test:8443"}),
        ("http://127.0.0.1:3128", {"HTTPS_PROXY": "127.0.0.1:3128"}),
        ("http://[::1]:3128", {"HTTPS_PROXY": "[::1]:3128"}),
        ("http://my_proxy:3128", {"HTTPS_PROXY": "my_proxy:3128"}),
        (PROXY, {"HTTPS_PROXY": "user:p%40ss@proxy.test:3128"}),
        (PROXY, {"HTTPS_PROXY": "http://user:p@ss@proxy.test:3128"}),
    ],
)
def test_a_scheme_has_its_variable(expected: str | None, environ: dict[str, str]) -> None:
    """Its own variable counts before ALL_PROXY, lower case before upper; an address without a
    scheme is http."""
    assert expected == found(URL, **environ)


def test_plain_http_has_its_own_variable() -> None:
    """Either case counts, as in requests. (curl reads it in lower case only.)"""
    assert PROXY == found("http://hooks.example.com/", HTTP_PROXY=PROXY)
    assert found("http://hooks.example.com/", HTTPS_PROXY=PROXY) is None


@pytest.mark.parametrize(
    ("userinfo", "expected"),
    [
        ("", None),
        ("@", None),
        (":@", None),
        ("user:pass@", "Basic dXNlcjpwYXNz"),
        ("user@", "Basic dXNlcjo="),
        ("us%40er:p%C3%A4%3A%25ss@", "Basic dXNAZXI6cMOkOiVzcw=="),
    ],
)
def test_a_proxys_user_is_decoded_once(userinfo: str, expected: str | None) -> None:
    """The user is kept apart from the address, and is not shown."""
    proxy = proxy_for(URL, {"HTTPS_PROXY": f"http://{userinfo}proxy.test:3128"})
    assert Proxy(PROXY, expected) == proxy
    assert "Basic" not in repr(proxy)


def test_a_proxy_is_told_to_the_library_in_its_form() -> None:
    """For the Azure SDK's commands and telemetry: user and password stand in the URL there."""
    environ = {"https_proxy": "http://me:p%40ss@proxy.example:3128"}
    to = "http://me:p%40ss@proxy.example:3128"
    assert {"http": to, "https": to} == proxies.as_option("https://a.example/x", environ)
    bare = {"https_proxy": "proxy.example:3128"}
    assert "http://proxy.example:3128" == proxies.as_option("https://a.example", bare)["https"]
    assert {} == proxies.as_option("https://localhost:1/x", environ)


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "LOCALHOST",
        "localhost.",
        "app.localhost",
        "127.0.0.1",
        "127.8.9.10",
        "127.1",
        "2130706433",
        "0x7f.0.0.1",
        "0177.0.0.1",
        "0.0.0.0",
        "0",
        "169.254.169.254",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::ffff:169.254.169.254]",
        "[fe80::1%25eth0]",
    ],
)
def test_this_machine_is_never_asked_for_through_a_proxy(host: str) -> None:
    """Loopback in any notation, and link-local addresses such as an identity endpoint's, are asked
    directly."""
    for scheme in ("http", "https"):
        assert found(f"{scheme}://u:p@{host}:8080/x", ALL_PROXY=PROXY, NO_PROXY="other") is None


@pytest.mark.parametrize(
    "host",
    ["localhost.example.com", "notlocalhost", "127.0.0.1.example.com", "128.0.0.1", "10.0.0.1",
     "[2001:db8::1]", "[::ffff:10.0.0.1]", "face", "12.example"],
)  # fmt: skip
def test_a_host_that_only_looks_like_this_machine_uses_the_proxy(host: str) -> None:
    """A name may begin or end like `localhost` and be another machine's."""
    assert PROXY == found(f"https://{host}/x", HTTPS_PROXY=PROXY)


@pytest.mark.parametrize(
    ("url", "listed"),
    [
        ("https://a.test/", "*"),
        ("https://a.test/", " * "),
        ("https://a.test/", "a.test"),
        ("https://A.Test./", "a.TEST"),
        ("https://a.test/", "a.test."),
        ("https://b.a.test/", "a.test"),
        ("https://b.a.test/", ".a.test"),
        ("https://a.test/", ".a.test"),
        ("https://a.test/", "x.test,a.test"),
        ("https://a.test/", "x.test, a.test ,"),
        ("https://a.test/", "x.test a.test"),
        ("https://a.test/", "x.test,,a.test"),
        ("https://a.test/", "test"),
        ("https://a.test/", "a.test:443"),
        ("https://a.test:8443/", "a.test:8443"),
        ("https://b.a.test:8443/", ".a.test:8443"),
        ("http://a.test/", "a.test:80"),
        ("https://10.1.2.3/", "10.1.2.3"),
        ("https://10.1.2.3/", "10.0.0.0/8"),
        ("https://10.1.2.3/", "10.1.2.99/24"),
        ("https://10.1.2.3:8443/", "10.1.2.3:8443"),
        ("https://[2001:db8::1]/", "2001:db8::1"),
        ("https://[2001:db8::1]/", "[2001:db8::1]"),
        ("https://[2001:db8::1]:8443/", "[2001:db8:0::1]:8443"),
        ("https://[2001:db8::1]/", "2001:db8::/32"),
        ("https://[::ffff:10.1.2.3]/", "10.0.0.0/8"),
    ],
)
def test_no_proxy_names_the_host(url: str, listed: str) -> None:
    """Names with their subdomains, ports, addresses and blocks count, separated by commas or
    blanks."""
    assert PROXY == found(url, ALL_PROXY=PROXY)
    assert found(url, ALL_PROXY=PROXY, NO_PROXY=listed) is None
    assert found(url, ALL_PROXY=PROXY, no_proxy=listed) is None
    assert found(url, ALL_PROXY=PROXY, no_proxy="", NO_PROXY=listed) is None


@pytest.mark.parametrize(
    ("url", "listed"),
    [
        ("https://a.test/", ""),
        ("https://a.test/", ","),
        ("https://a.test/", "."),
        ("https://a.test/", "b.a.test"),
        ("https://nota.test/", "a.test"),
        ("https://a.test.example/", "a.test"),
        ("https://a.test/", "a.test:8443"),
        ("https://a.test:8443/", "a.test:443"),
        ("https://a.test/", "*.test"),
        ("https://a.test/", "b.test,*"),
        ("https://10.1.2.3/", "10.1.2.4/30"),
        ("https://10.1.2.3/", "2.3"),
        ("https://10.1.2.3/", "2001:db8::/32"),
        ("https://10.test/", "10.0.0.0/8"),
    ],
)
def test_no_proxy_does_not_name_the_host(url: str, listed: str) -> None:
    """These are entries that neither curl nor requests applies to the host."""
    assert PROXY == found(url, ALL_PROXY=PROXY, NO_PROXY=listed)


UNUSABLE = [
    "socks5://user:hush@proxy.test:1080",
    "socks5h://proxy.test:1080",
    "socks4a://proxy.test",
    "ftp://proxy.test:21",
    "http://",
    "http://:3128",
    "http://user:hush@",
    "proxy.test:",
    "http:/proxy.test:3128",
    "http:\\\\proxy.test:3128",
    "http://proxy.test:port",
    "http://proxy.test:99999",
    "http://proxy.test:0",
    "http://proxy test:3128",
    "http://proxy..test:3128",
    "http://" + "x" * 64 + ":3128",
    '"http://user:hush@proxy.test:3128"',
    "http://user:12#hush@proxy.test:3128",
    "http://user:12/hush@proxy.test:3128",
    "http://user:12?hush@proxy.test:3128",
    "http://[::1:3128",
    "http://pröxy.test:3128",
    "http://proxy.test:3128\nx",
    "@Microsoft.KeyVault(hush)",
]


@pytest.mark.parametrize("value", UNUSABLE)
def test_an_unusable_proxy_is_named_by_its_variable(value: str) -> None:
    """Nothing is sent around it, and its value is not shown."""
    environ = {"HTTPS_PROXY": value}
    with pytest.raises(ProxyError, match=r"^HTTPS_PROXY: ") as caught:
        proxy_for(URL, environ)
    (problem,) = proxies.problems(environ)
    assert ("HTTPS_PROXY", "error") == (problem.setting, problem.severity)
    for text in (str(caught.value), problem.message):
        assert "hush" not in text
        assert "proxy.test" not in text


def test_a_broken_proxy_costs_nothing_where_it_does_not_apply() -> None:
    """This machine, hosts in NO_PROXY and the other scheme are reached as usual."""
    environ = {"HTTPS_PROXY": "socks5://proxy.test", "NO_PROXY": "a.test"}
    for url in ("https://127.0.0.1/", "https://a.test/", "http://b.test/"):
        assert proxy_for(url, environ) is None


@pytest.mark.parametrize("entry", ["*.a.test", "10.0.0.0/33", "http://a.test", "u:hush@a.test",
                                   "<local>", "a.test;b.test", "10.0.0.*", "ä.test"])  # fmt: skip
def test_entries_of_no_proxy_without_effect_are_problems(entry: str) -> None:
    """An entry is named by its place in the list, because it may be a secret."""
    (problem,) = proxies.problems({"no_proxy": f"b.test,{entry}"})
    assert ("no_proxy", "warning") == (problem.setting, problem.severity)
    assert "entry 2 fits no host" in problem.message
    assert "hush" not in problem.message


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"HTTPS_PROXY": PROXY, "http_proxy": "proxy", "ALL_PROXY": " "},
        {"NO_PROXY": "*"},
        {"NO_PROXY": "localhost, .a.test a.test:80,10.0.0.0/8,::1,[::1]:80,fe80::/10,"},
    ],
)
def test_right_values_are_no_problem(environ: dict[str, str]) -> None:
    """No log line is spent on what works."""
    assert () == proxies.problems(environ)
