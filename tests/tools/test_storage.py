"""Connection strings, as the storage's documentation describes them."""

from __future__ import annotations

import pytest

from tools.storage import (
    AZURITE_PORTS,
    DEVELOPMENT,
    StorageError,
    azurite_connection,
    blob_address,
    connection,
)

SECRET = "c2VjcmV0+/=="
ACCOUNT = f"AccountName=shop;AccountKey={SECRET}"


@pytest.mark.parametrize(
    ("host", "port", "string"),
    [
        ("127.0.0.1", 10000, "UseDevelopmentStorage=true"),
        ("127.0.0.1", 10000, " usedevelopmentstorage = True ; "),
        ("azurite", 10000, "UseDevelopmentStorage=true;DevelopmentStorageProxyUri=http://azurite"),
        ("shop.blob.core.windows.net", 443, ACCOUNT),
        ("shop.blob.core.chinacloudapi.cn", 443, f"{ACCOUNT};EndpointSuffix=core.chinacloudapi.cn"),
        ("shop.blob.core.windows.net", 80, f"DefaultEndpointsProtocol=http;{ACCOUNT}"),
        ("10.0.0.5", 9000, f"{ACCOUNT};BlobEndpoint=http://10.0.0.5:9000/shop"),
        ("::1", 9000, f"{ACCOUNT};BlobEndpoint=http://[::1]:9000/shop"),
        ("shop.example", 443, "BlobEndpoint=https://shop.example;SharedAccessSignature=sv=1&sig=x"),
    ],
)
def test_the_blob_endpoint_is_found(host: str, port: int, string: str) -> None:
    """An endpoint counts before the account's name; Azurite's and Azure's are known."""
    assert (host, port) == blob_address(string)


@pytest.mark.parametrize(
    ("reason", "string"),
    [
        ("is not a connection string", "https://shop.blob.core.windows.net"),
        ("is not a connection string", f"{ACCOUNT};{SECRET.rstrip('=')}"),
        ("has no BlobEndpoint, no AccountName", f"AccountKey={SECRET}"),
        ("has no BlobEndpoint, no AccountName", "UseDevelopmentStorage=false"),
        ("has no BlobEndpoint, no AccountName", ";"),
        ("BlobEndpoint is not a URL", f"{ACCOUNT};BlobEndpoint=127.0.0.1:10000"),
        ("BlobEndpoint is not a URL", f"{ACCOUNT};BlobEndpoint=http://127.0.0.1:blob/"),
        ("BlobEndpoint is not a URL", f"{ACCOUNT};BlobEndpoint=http://[::1/"),
        ("AccountName leads to is not a URL", f"DefaultEndpointsProtocol=ftp;{ACCOUNT}"),
    ],
)
def test_a_wrong_connection_string_is_one_line(reason: str, string: str) -> None:
    """The line repeats nothing of it, because it may be a key."""
    with pytest.raises(StorageError, match=reason) as caught:
        blob_address(string)

    assert 1 == len(str(caught.value).splitlines())
    assert SECRET.rstrip("=") not in str(caught.value)


@pytest.mark.parametrize(
    ("expected", "settings"),
    [
        ("own", {"AzureWebJobsStorage": "own", "AzureWebJobsStorage__accountName": "shop"}),
        (None, {"AzureWebJobsStorage": "", "AzureWebJobsStorage__accountName": "shop"}),
        (None, {"AzureWebJobsStorage:blobServiceUri": "https://shop.blob.core.windows.net"}),
        (DEVELOPMENT, {"AzureWebJobsStorage": ""}),
        (DEVELOPMENT, {"AzureWebJobsStorageOfAnother__accountName": "shop"}),
    ],
)
def test_the_apps_storage_is_found(expected: str | None, settings: dict[str, str]) -> None:
    """It is the setting, a form that only `func` understands, or Azurite."""
    assert expected == connection(settings)


def test_azurites_connection_string_leads_to_its_ports() -> None:
    """All three ports are found; the short form means the usual ones."""
    assert DEVELOPMENT == azurite_connection(*AZURITE_PORTS)
    string = azurite_connection("20000", "20001", "20002")
    assert ("127.0.0.1", 20000) == blob_address(string)
    for kind, port in (("Blob", 20000), ("Queue", 20001), ("Table", 20002)):
        assert f"{kind}Endpoint=http://127.0.0.1:{port}/devstoreaccount1" in string.split(";")
