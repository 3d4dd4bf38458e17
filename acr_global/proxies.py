"""Which proxy a request goes through: the one place that decides. Pure.

The environment says it, as it does for curl and for Python's requests: `HTTP_PROXY`,
`HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY`. Lower-case names go before upper-case ones; a
lower-case one that is empty switches its proxy off (urllib.request.getproxies_environment). An
address without a scheme is an http proxy's, as for both.

The one difference: this machine and its link (localhost, 127.0.0.0/8, 169.254.0.0/16,
...) are never asked for through a proxy. The proxy would ask its own machine, and would see
requests that are meant to stay on this one.

Sources: everything.curl.dev/usingcurl/proxies/env.html, curl's lib/noproxy.c (a name stands for
what is below it too, with a leading dot or without; comma or blank between two; addresses and
CIDR blocks by number; `*` alone for all); requests, utils.should_bypass_proxies (ports).
"""

from __future__ import annotations

import ipaddress
import re
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from acr_global.errors import AcrGlobalError, Problem
from acr_global.headers import basic
from acr_global.urls import address_of, split_url, stays_here

_SCHEMES = ("http", "https")
_SOCKS = re.compile(r"socks[45][ah]?")
_NAME = re.compile(r"[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*\.?")
_ENTRY = re.compile(r"(\[(?P<address>[^\]]+)\]|(?P<name>[^:]+))(:(?P<port>[0-9]{1,5}))?")


class ProxyError(AcrGlobalError):
    """A proxy is set that cannot be used; the message names the variable, not its value."""

    reason = "proxy-invalid"


@dataclass(frozen=True, slots=True)
class Proxy:
    """Where to ask instead of the host itself."""

    url: str
    """Scheme, host and port."""
    authorization: str | None = field(repr=False)
    """For Proxy-Authorization."""


def proxy_for(url: str, environ: Mapping[str, str]) -> Proxy | None:
    """The proxy for a URL; None where the host is asked itself. Raises ProxyError."""
    asked = split_url(url)
    if not asked.host or stays_here(asked.host):
        return None
    name, value = _setting(f"{asked.scheme}_proxy", environ)
    if not value:
        name, value = _setting("all_proxy", environ)
    if not value or _passed_by(asked.host, asked.port or asked.standard_port, environ):
        return None
    return _parse(name, value)


def as_option(url: str, environ: Mapping[str, str]) -> dict[str, str]:
    """The same, as the option `proxies` of the library requests. Raises ProxyError."""
    proxy = proxy_for(url, environ)
    if proxy is None:
        return {}
    scheme, _, place = proxy.url.partition("://")
    if proxy.authorization:  # the library wants it in the URL
        user, _, password = b64decode(proxy.authorization.partition(" ")[2]).partition(b":")
        place = f"{quote(user, safe='')}:{quote(password, safe='')}@{place}"
    return dict.fromkeys(("http", "https"), f"{scheme}://{place}")


def problems(environ: Mapping[str, str]) -> tuple[Problem, ...]:
    """Proxy settings that cannot be used, or have no effect."""
    found: list[Problem] = []
    for wanted in ("http_proxy", "https_proxy", "all_proxy"):
        name, value = _setting(wanted, environ)
        try:
            if value:
                _parse(name, value)
        except ProxyError as error:
            todo = "until it is right or unset, nothing is sent where it applies"
            found.append(Problem(name, f"{error.message.partition(': ')[2]}; {todo}"))
    name, entries = _no_proxy(environ)
    for number, entry in enumerate(entries, start=1):
        if entries != ["*"] and not _is_readable(entry):
            text = f"entry {number} fits no host; write a name, host:port, 10.0.0.0/8, or * alone"
            found.append(Problem(name, text, "warning"))
    return tuple(found)


def _setting(wanted: str, environ: Mapping[str, str]) -> tuple[str, str]:
    """Name and value of one variable: in lower case if it is there, else in another spelling."""
    if wanted in environ:
        return wanted, environ[wanted].strip()
    others = ((n, v.strip()) for n, v in environ.items() if n.lower() == wanted)
    return next(((n, v) for n, v in others if v), (wanted, ""))


def _no_proxy(environ: Mapping[str, str]) -> tuple[str, list[str]]:
    """Name and entries of the list of exceptions; here an empty name yields to one with a list."""
    named = [n for n in environ if n.lower() == "no_proxy" and environ[n].strip()]
    name = "no_proxy" if "no_proxy" in named else next(iter(named), "NO_PROXY")
    return name, re.findall(r"[^\s,]+", environ.get(name, "").lower())


def _parse(name: str, value: str) -> Proxy:
    text = value if "://" in value else "http://" + value.removeprefix("//")
    try:
        parts = split_url(text)
    except ValueError:
        raise _unusable(name) from None
    if _SOCKS.fullmatch(parts.scheme):
        raise ProxyError(f"{name}: SOCKS is not supported; name an http or https proxy")
    # What follows the host would be the rest of a password with a slash or the like in it.
    rest = parts.path + parts.query + parts.fragment
    known = parts.scheme in _SCHEMES and parts.port != 0 and "@" not in rest
    known = known and not parts.place.endswith(":")
    if not known or not value.isprintable():
        raise _unusable(name)
    if not (_NAME.fullmatch(parts.host) or _is_v6(parts.host)):
        raise _unusable(name)
    return Proxy(f"{parts.scheme}://{parts.place}", basic(parts.userinfo or ""))


def _unusable(name: str) -> ProxyError:
    return ProxyError(
        f"{name}: is not a proxy's address, such as http://proxy.example.com:3128, with user "
        "and password percent-encoded"
    )


def _is_v6(host: str) -> bool:
    return ":" in host and address_of(host) is not None


def _passed_by(host: str, port: int | None, environ: Mapping[str, str]) -> bool:
    """Whether NO_PROXY names the host."""
    _, entries = _no_proxy(environ)
    name = host.rstrip(".").lower()
    return entries == ["*"] or any(_fits(entry, name, port) for entry in entries)


def _fits(entry: str, host: str, port: int | None) -> bool:
    named, only = _split(entry)
    if only is not None and only != port:
        return False
    address, network = address_of(host), _network(named)
    if address or network:
        return bool(address and network and address in network)
    domain = named.strip(".")
    return bool(domain) and (host == domain or host.endswith("." + domain))


def _split(entry: str) -> tuple[str, int | None]:
    """What an entry names, and the port that it is for, where it says one."""
    match = _ENTRY.fullmatch(entry)
    if not match:
        return entry, None
    port = match["port"]
    return match["address"] or match["name"], int(port) if port else None


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


def _is_readable(entry: str) -> bool:
    named, _ = _split(entry)
    return bool(_network(named) or _NAME.fullmatch(named.strip(".")))
