"""Which authorities a receiver's certificate may come from."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest

from tests import tls
from tests.notify.conftest import Listening

ATTEMPT = """
import asyncio, sys
from tests.notify.samples import target
from tests.notify.test_deliver import try_once
made = asyncio.run(try_once(target("webhook", url=sys.argv[1])))
print(made.outcome.value, made.reason)
"""
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


@pytest.mark.parametrize(
    ("variable", "said"),
    [
        ("SSL_CERT_FILE", "delivered delivered"),
        ("REQUESTS_CA_BUNDLE", "retry tls"),
        ("CURL_CA_BUNDLE", "retry tls"),
    ],
)
def test_an_authority_of_one_s_own_is_named_by_one_variable(
    variable: str, said: str, listen: Listening, tmp_path: Path
) -> None:
    """In a process of its own, because the library reads it once, when it is loaded."""

    async def scenario() -> str:
        pem = tmp_path / "own.pem"
        async with listen(OK, tls=tls.own(pem)) as receiver:
            child = await asyncio.create_subprocess_exec(
                *(sys.executable, "-c", ATTEMPT, receiver.url.replace("http:", "https:")),
                cwd=Path(__file__).parents[2],
                env=os.environ | {variable: str(pem)},
                stdout=asyncio.subprocess.PIPE,
            )
            out, _ = await child.communicate()
            return out.decode().strip()

    assert said == asyncio.run(scenario())
