"""Which proxy a request goes through: the one place that decides. Pure.

The environment says it, as it does for curl and for Python's requests: `HTTP_PROXY`,
`HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY`. Lower-case names go before upper-case ones; a
lower-case one that is empty switches its proxy off (urllib.request.getproxies_environment). An
address without a scheme is an http proxy's, as for both.

What is otherwise than there: this machine and its link (localhost, 127.0.0.0/8, 169.254.0.0/16,
...) are never asked for through a proxy. It would ask its own, and be told what was meant to
stay here.

Sources: everything.curl.dev/usingcurl/proxies/env.html, curl's lib/noproxy.c (a name stands for
what is below it too, with a leading dot or without; comma or blank between two; addresses and
CIDR blocks by number; `*` alone for all); requests, utils.should_bypass_proxies (ports).
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from acr_global.errors import AcrGlobalError, Problem
from acr_global.headers import basic

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_SCHEMES = ("http", "https")
_PORTS = {"http": 80, "https": 443}
_SOCKS = re.compile(r"socks[45][ah]?")
_NAME = re.compile(r"[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*\.?")
_NUMERIC = re.compile(r"[0-9a-fx.]+")
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
    parts = urlsplit(url)
    if not parts.hostname or stays_here(parts.hostname):
        return None
    name, value = _setting(f"{parts.scheme}_proxy", environ)
    if not value:
        name, value = _setting("all_proxy", environ)
    if not value or _passed_by(parts.hostname, parts.port or _PORTS.get(parts.scheme, 0), environ):
        return None
    return _parse(name, value)


def problems(environ: Mapping[str, str]) -> tuple[Problem, ...]:
    """What of these settings cannot be used, or is read by nobody."""
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


def stays_here(host: str) -> bool:
    """Whether a host can only be this machine, or what it alone can reach.

    Names that the resolver may know as this machine's do not count: nothing is looked up.
    """
    name = host.rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):  # RFC 6761 6.3
        return True
    address = _address(name)
    # The unspecified address, 0.0.0.0, is connected to as loopback.
    return address is not None and (
        address.is_loopback or address.is_unspecified or address.is_link_local
    )


def _address(host: str) -> Address | None:
    """The address that a host is, however it is written: 127.1 and 2130706433 are 127.0.0.1 to
    the system's resolver."""
    try:
        address = ipaddress.ip_address(unquote(host))
    except ValueError:
        if not _NUMERIC.fullmatch(host):
            return None
        try:
            return ipaddress.IPv4Address(socket.inet_aton(host))
        except OSError:
            return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def _setting(wanted: str, environ: Mapping[str, str]) -> tuple[str, str]:
    """Name and value of one variable: as it is written lower-case, else in any other way."""
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
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port, parts = "", None, urlsplit("")
    if _SOCKS.fullmatch(parts.scheme):
        raise ProxyError(f"{name}: SOCKS is not supported; name an http or https proxy")
    # What follows the host would be the rest of a password with a slash or the like in it.
    rest = parts.path + parts.query + parts.fragment
    known = parts.scheme in _SCHEMES and port != 0 and "@" not in rest
    known = known and not parts.netloc.endswith(":")
    if not known or not value.isprintable() or not (_NAME.fullmatch(host) or _is_v6(host)):
        raise ProxyError(
            f"{name}: is not a proxy's address, such as http://proxy.example.com:3128, with user "
            "and password percent-encoded"
        )
    userinfo, _, place = parts.netloc.rpartition("@")
    return Proxy(f"{parts.scheme}://{place}", basic(userinfo))


def _is_v6(host: str) -> bool:
    return ":" in host and _address(host) is not None


def _passed_by(host: str, port: int, environ: Mapping[str, str]) -> bool:
    """Whether NO_PROXY names the host."""
    _, entries = _no_proxy(environ)
    name = host.rstrip(".").lower()
    return entries == ["*"] or any(_fits(entry, name, port) for entry in entries)


def _fits(entry: str, host: str, port: int) -> bool:
    named, only = _split(entry)
    if only is not None and only != port:
        return False
    address, network = _address(host), _network(named)
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
