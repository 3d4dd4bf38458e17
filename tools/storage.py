"""Storage by its connection string: where its blobs are, and what Azurite's string is.

Source: learn.microsoft.com/azure/storage/common/storage-configure-connection-string. No error
contains a value of a connection string, because it may be a key.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from acr_global_rig import azurite

SETTING = "AzureWebJobsStorage"
DEVELOPMENT = "UseDevelopmentStorage=true"
AZURITE_PORTS = ("10000", "10001", "10002")
"""Blob, queue, table: where UseDevelopmentStorage=true looks."""


class StorageError(Exception):
    """An invalid connection string. The message is one line that says what is wrong."""


def connection(settings: Mapping[str, str]) -> str | None:
    """The app's connection string; None where it has none, and `func` finds its storage by other
    settings (AzureWebJobsStorage__accountName and so on: an identity instead of a key).
    """
    if settings.get(SETTING):
        return settings[SETTING]
    if any(name.startswith((f"{SETTING}__", f"{SETTING}:")) for name in settings):
        return None
    return DEVELOPMENT


def blob_address(connection: str) -> tuple[str, int]:
    """Host and port of the blob endpoint. Raises StorageError."""
    parts = _parts(connection)
    if parts.get("usedevelopmentstorage", "").lower() == "true":
        proxy = parts.get("developmentstorageproxyuri", "http://127.0.0.1")
        return _address(proxy, "DevelopmentStorageProxyUri")[0], int(AZURITE_PORTS[0])
    if endpoint := parts.get("blobendpoint"):
        return _address(endpoint, "BlobEndpoint")
    if account := parts.get("accountname"):
        scheme = parts.get("defaultendpointsprotocol", "https")
        suffix = parts.get("endpointsuffix", "core.windows.net")
        return _address(f"{scheme}://{account}.blob.{suffix}", "what its AccountName leads to")
    raise StorageError("has no BlobEndpoint, no AccountName and no UseDevelopmentStorage=true")


def azurite_connection(blob: str, queue: str, table: str) -> str:
    """Azurite's connection string on these ports of 127.0.0.1."""
    if (blob, queue, table) == AZURITE_PORTS:
        return DEVELOPMENT
    return azurite.connection(blob, queue, table)


def _parts(connection: str) -> dict[str, str]:
    """Values by name; names in lower case, because their case does not count."""
    parts = {}
    for part in filter(None, map(str.strip, connection.split(";"))):
        name, equals, value = part.partition("=")
        if not equals:
            raise StorageError("is not a connection string, name=value;name=value")
        parts[name.strip().lower()] = value.strip()
    return parts


def _address(url: str, name: str) -> tuple[str, int]:
    try:
        split = urlsplit(url)
        host, port = split.hostname, split.port
    except ValueError:
        host = port = None
    default = {"http": 80, "https": 443}.get(split.scheme) if host else None
    if not host or not default:
        raise StorageError(f"is wrong: {name} is not a URL such as http://127.0.0.1:10000/account")
    return host, port or default
