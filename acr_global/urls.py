"""URLs and host names: parsed, checked and compared in this one place. Pure.

No error's text shows any of a URL: it may hold a user, a password or a key.

Sources: RFC 3986 3 (a URL's parts) and 5 (what a reference resolves to);
RFC 1035 2.3.4 (63 octets in a label, 253 characters in a name without its final dot);
RFC 1123 2.1 (letters, digits and hyphens, none of these at a label's end). An underscore is let
through, because container networks name their hosts so and resolvers take it (glibc's res_hnok).
"""

from __future__ import annotations

import ipaddress
import re
import socket
from dataclasses import dataclass, field
from urllib.parse import SplitResult, unquote, urljoin, urlsplit

from acr_global.surroundings import around, unresolved

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

MAX_NAME_CHARS = 253
MAX_LABEL_CHARS = 63
LAST_PORT = 65_535
MAX_TEXT_CHARS = 1_000
"""Characters of a text that may be a host; a limit of our own."""

_PORTS = {"https": 443, "http": 80}
_NUMERIC = re.compile(r"[0-9a-fx.]+")
_GEO = re.compile(r"(?P<name>[a-z0-9-]+)\.[a-z0-9]+\.geo\.(?P<rest>azurecr\.[a-z.]+)")
_LABEL = re.compile(r"(?!-)[a-z0-9_-]+(?<!-)", re.IGNORECASE)
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*", re.IGNORECASE)
_DEFAULT_PORTS = ("80", "443")
_SPELLED = re.compile(
    r"(?:https?://)?(?P<host>\[[0-9a-f:.]+\]|[^\s/?#@:\[\]]+)(?::(?P<port>[0-9]{0,9}))?/?"
)


@dataclass(frozen=True, slots=True)
class Url:
    """A parsed URL, with nothing decoded. Missing parts are empty or None."""

    scheme: str
    """In lower case."""
    userinfo: str | None = field(repr=False)
    """User and password; empty where only their `@` is there."""
    place: str
    """Host and port as they are written."""
    host: str
    """In lower case, of IPv6 without its brackets."""
    port: int | None
    """The port that is written, if any."""
    path: str = field(repr=False)
    query: str = field(repr=False)
    fragment: str = field(repr=False)

    @property
    def standard_port(self) -> int | None:
        """The port that its scheme has where none is said."""
        return _PORTS.get(self.scheme)

    @property
    def origin(self) -> tuple[str, str, int | None]:
        """Scheme, host and port, to be compared with another's."""
        return self.scheme, self.host, self.port or self.standard_port

    @property
    def in_clear(self) -> bool:
        """Whether it is plain http to another host, which others on the way can read."""
        return self.scheme == "http" and not is_loopback(self.host)


def split_url(text: str) -> Url:
    """Parse a URL. Raises ValueError where that cannot be done, or its port is invalid."""
    return _url(urlsplit(text))


def _url(parts: SplitResult) -> Url:
    userinfo, at, place = parts.netloc.rpartition("@")
    return Url(
        scheme=parts.scheme,
        userinfo=userinfo if at else None,
        place=place,
        host=parts.hostname or "",
        port=parts.port,
        path=parts.path,
        query=parts.query,
        fragment=parts.fragment,
    )


def split_userinfo(text: str) -> tuple[str, str | None]:
    """A URL without user and password, and these two as they are written; None where there is no
    `@`. Nothing else in it changes, because its query may be signed as it stands.

    Raises ValueError.
    """
    url = split_url(text)
    if url.userinfo is None:
        return text, None
    # What follows the scheme is the authority, so the first is the one.
    return text.replace(f"//{url.userinfo}@{url.place}", f"//{url.place}", 1), url.userinfo


def check_url(text: str) -> Url:
    """The URL, if a request may be made to it. Raises ValueError, whose text follows the word
    `url`. Callers decide whether plain http is allowed."""
    if said := unresolved(text) or around(text):
        raise ValueError(said)
    if not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError("must be ASCII without blanks")
    if "&amp;" in text:
        # Source: redanthrax/wazuh-teams-integration#3.
        raise ValueError(
            "has &amp; where & belongs: it was copied from a page's or a file's source"
        )
    try:
        parts = urlsplit(text)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in _PORTS or not parts.hostname:
        raise ValueError("must begin with https:// and name a host")
    try:
        check_host(parts.hostname)
    except ValueError as error:
        raise ValueError(f"names what can be no host: {error}") from None
    if not _is_port(parts):
        raise ValueError("must name a port from 1 to 65535, or none")
    return _url(parts)


def _is_port(parts: SplitResult) -> bool:
    try:
        return parts.port != 0
    except ValueError:
        return False


def resolve_url(base: str, reference: str) -> str:
    """Where a reference on the page of `base` leads to, without fragment. Raises ValueError."""
    return urlsplit(urljoin(base, reference))._replace(fragment="").geturl()


def shown_url(text: str) -> str:
    """Scheme, host and port of a URL whose user, path and query may not be shown."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return "***"
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def check_host(host: str) -> None:
    """Raise ValueError, which says why and does not name it, unless `host` can be a host: a name
    or an address (IPv6 without its brackets)."""
    if ":" in host:
        _check_address(host)
        return
    name = host.removesuffix(".")
    labels = name.split(".")
    if not all(labels):
        raise ValueError("nothing stands before, between or after its dots")
    if not all(map(_LABEL.fullmatch, labels)):
        raise ValueError(
            "it must be letters, digits, hyphens and dots, with no hyphen before or after a dot"
        )
    if any(len(label) > MAX_LABEL_CHARS for label in labels):
        raise ValueError(f"more than {MAX_LABEL_CHARS} characters between two dots")
    if len(name) > MAX_NAME_CHARS:
        raise ValueError(f"more than {MAX_NAME_CHARS} characters")
    if _NUMBER.fullmatch(labels[-1]):
        # No top-level domain is a number, so it is meant as an address.
        _check_address(name)
    if "xn--" in name.lower() and not _is_decodable(name):
        raise ValueError("what stands behind its xn-- is no name in other letters")


def _is_decodable(name: str) -> bool:
    """Whether IDNA 2003 or 2008 can decode it: the HTTP client decodes names, by either."""
    try:
        name.encode().decode("idna")
        return True
    except UnicodeError:
        import idna  # the client's; few names need it

        try:
            idna.decode(name)
            return True
        except UnicodeError:
            return False


def _check_address(text: str) -> None:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        raise ValueError("it is written like an address, and is none") from None


def fold_host(text: str) -> str:
    """A registry's host, and its port where it is not a default one, in their one spelling.

    Case, blanks around, the final dot, the default ports of http and https, a scheme before it
    and a slash behind make no difference. Raises ValueError, which does not name the host.
    """
    match = _SPELLED.fullmatch(text.strip().lower())
    if not match or len(text) > MAX_TEXT_CHARS:
        raise ValueError("no host")
    host, port = match["host"], (match["port"] or "").lstrip("0")
    if not host.isascii():
        host = host.encode("idna").decode()  # a UnicodeError is a ValueError
    host = host.removesuffix(".")
    bare = host.strip("[]")
    check_host(bare)
    if bare != host:
        host = f"[{ipaddress.IPv6Address(bare)}]"
    if int(match["port"] or 1) not in range(1, LAST_PORT + 1):
        raise ValueError("no port")
    return f"{host}:{port}" if port and port not in _DEFAULT_PORTS else host


def parse_host(value: str) -> str:
    """A registry's host in its one spelling; a regional endpoint's host is that of its registry.

    `name.region.geo.azurecr.io` is a regional endpoint (Premium, preview). Raises ValueError.
    """
    try:
        host = fold_host(value)
    except ValueError:
        raise ValueError("must be a host name, such as myregistry.azurecr.io") from None
    match = _GEO.fullmatch(host)
    return f"{match['name']}.{match['rest']}" if match else host


def is_loopback(host: str | None) -> bool:
    """Whether a host can only be this machine.

    Names under `.localhost` do not count: they should be (RFC 6761 6.3), but not every resolver
    keeps them here, and what goes to this machine goes unencrypted.
    """
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


def stays_here(host: str) -> bool:
    """Whether a host can only be this machine, or one that only it can reach.

    Names that the resolver may know as this machine's do not count: nothing is looked up.
    """
    name = host.rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):  # RFC 6761 6.3
        return True
    address = address_of(name)
    # The unspecified address, 0.0.0.0, is connected to as loopback.
    return address is not None and (
        address.is_loopback or address.is_unspecified or address.is_link_local
    )


def address_of(host: str) -> Address | None:
    """The address of a host that is one, however it is written: 127.1 and 2130706433 are 127.0.0.1
    to the system's resolver."""
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
