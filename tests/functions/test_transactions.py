"""The text of a transaction, and what its answer says. A real table takes it in test_ledgers."""

from __future__ import annotations

import pytest

from acr_global.functions import transactions
from acr_global.functions.transactions import Method, RefusedError

TABLE = "https://mine.table.core.windows.net/HubPushes"


def lines(method: Method, keys: list[str], **properties: str | bool) -> list[str]:
    """A transaction's text, without what every part of one has."""
    text = transactions.content(TABLE, "pushes", method, keys, properties).decode()
    return [line for line in text.split("\r\n") if line and not line.startswith("Content-T")]


def test_each_row_is_a_part() -> None:
    """With its keys in its address and its text, and as many bytes as are announced."""
    row = r'{"PartitionKey": "pushes", "RowKey": "a!%d", "name": "tw\u00f6", "odd": true}'
    common = [
        "Accept: application/json",
        "DataServiceVersion: 3.0",
        f"Content-Length: {len(row) - 1}",
    ]
    assert [
        "--batch_of_rows",
        "--changes_of_rows",
        "Content-ID: 0",
        f"PUT {TABLE}(PartitionKey='pushes',RowKey='a%211') HTTP/1.1",
        *common,
        row % 1,
        "--changes_of_rows",
        "Content-ID: 1",
        f"PUT {TABLE}(PartitionKey='pushes',RowKey='a%212') HTTP/1.1",
        *common,
        row % 2,
        "--changes_of_rows--",
        "--batch_of_rows--",
    ] == lines("PUT", ["a!1", "a!2"], name="twö", odd=True)


@pytest.mark.parametrize(("method", "rows"), [("PATCH", 1), ("DELETE", 0)])
def test_what_is_changed_or_removed_must_be_there(method: Method, rows: int) -> None:
    """In whatever version; and what is removed needs no text."""
    text = lines(method, ["a"])
    assert ["If-Match: *"] == [line for line in text if line.startswith("If-")]
    assert rows == sum(line.startswith("{") for line in text)


def test_a_value_stays_in_its_row() -> None:
    """A line of it is no line of the request, and a quote in a key ends no address."""
    text = lines("PUT", ["a'b"], name="\r\n--changes_of_rows--\r\n--batch_of_rows--")
    assert [1, 1] == [text.count("--changes_of_rows--"), text.count("--batch_of_rows--")]
    assert f"PUT {TABLE}(PartitionKey='pushes',RowKey='a%27%27b') HTTP/1.1" in text


def test_the_version_of_the_api_is_named() -> None:
    """Without it the service goes by its first, which knows no JSON."""
    assert "2019-02-02" == transactions.headers("2019-02-02")["x-ms-version"]


def test_an_answer_of_done_parts_is_no_error() -> None:
    """Whatever else it holds."""
    transactions.check(
        202, "--x\r\n\r\nHTTP/1.1 204 No Content\r\nETag: 1\r\n--x\r\nHTTP/1.1 201 \r\n"
    )


@pytest.mark.parametrize(
    ("refused", "status", "answer"),
    [
        ((404, "TableNotFound"), 202, 'HTTP/1.1 404 Not Found\r\n\r\n{"code":"TableNotFound"}'),
        ((403, "AuthenticationFailed"), 403, '{"odata.error": {"code": "AuthenticationFailed"}}'),
        ((503, None), 503, ""),
        ((202, None), 202, "what a proxy says"),
    ],
)
def test_anything_else_is_an_error(
    refused: tuple[int, str | None], status: int, answer: str
) -> None:
    """With the status and the code that the service gives, as far as it gives them."""
    with pytest.raises(RefusedError) as raised:
        transactions.check(status, answer)
    assert refused == (raised.value.status_code, raised.value.error_code)
