"""What can be the name of a host, and the one spelling of a registry's. Pure.

Sources: RFC 1035 2.3.4 (63 octets in a label, 253 characters in a name without its final dot);
RFC 1123 2.1 (letters, digits and hyphens, none of these at a label's end). An underscore is let
through, because container networks name their hosts so and resolvers take it (glibc's res_hnok).
"""

from __future__ import annotations

import ipaddress
import re

LONGEST_NAME = 253
LONGEST_LABEL = 63
LAST_PORT = 65_535
LONGEST_TEXT = 1_000
"""Characters of what may be a host, in whatever spelling; ours."""

_GEO = re.compile(r"(?P<name>[a-z0-9-]+)\.[a-z0-9]+\.geo\.(?P<rest>azurecr\.[a-z.]+)")
_LABEL = re.compile(r"(?!-)[a-z0-9_-]+(?<!-)", re.IGNORECASE)
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*", re.IGNORECASE)
_DEFAULT_PORTS = ("80", "443")
_SPELLED = re.compile(
    r"(?:https?://)?(?P<host>\[[0-9a-f:.]+\]|[^\s/?#@:\[\]]+)(?::(?P<port>[0-9]{0,9}))?/?"
)


def check_host(host: str) -> None:
    """Raise ValueError, which says why and not which, unless `host` can be one: a name, or an
    address (of IPv6 without its brackets)."""
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
    if any(len(label) > LONGEST_LABEL for label in labels):
        raise ValueError(f"more than {LONGEST_LABEL} characters between two dots")
    if len(name) > LONGEST_NAME:
        raise ValueError(f"more than {LONGEST_NAME} characters")
    if _NUMBER.fullmatch(labels[-1]):
        # No top-level domain is a number, so it is meant as an address.
        _check_address(name)
    if "xn--" in name.lower() and not _is_decodable(name):
        raise ValueError("what stands behind its xn-- is no name in other letters")


def _is_decodable(name: str) -> bool:
    """By the rules of 2003 or of 2008: the HTTP client turns names back, and takes either."""
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
    if not match or len(text) > LONGEST_TEXT:
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
