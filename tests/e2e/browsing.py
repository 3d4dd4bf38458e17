"""An operator's browser, as far as the pages are HTML: a session, pages, forms. (A real one is
driven in tests/browser.)"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape

import aiohttp

HERE = {"Sec-Fetch-Site": "same-origin"}


@dataclass(frozen=True)
class Seen:
    """An answer."""

    status: int
    text: str
    mark: str | None
    """Its ETag."""
    where: str | None
    """Where it leads instead."""

    @property
    def words(self) -> str:
        """What stands there, without tags, in single blanks."""
        return " ".join(unescape(re.sub(r"<[^>]*>", " ", self.text)).split())

    def form(self, action: str) -> dict[str, str]:
        """The fields of the form that posts to an address. Raises LookupError where there is
        none."""
        for form in re.findall(r'<form method="post".*?</form>', self.text, re.DOTALL):
            if f'action="{action}"' in form:
                return dict(re.findall(r'<input [^>]*name="(\w+)" value="([^"]*)"', form))
        raise LookupError(action)


@dataclass(frozen=True)
class Browser:
    """One that has signed in."""

    session: aiohttp.ClientSession
    url: str
    cookie: str

    @classmethod
    async def signed_in(cls, session: aiohttp.ClientSession, url: str, key: str = "x") -> Browser:
        """One that has shown a key."""
        shown = {"x-functions-key": key, **HERE}
        async with session.post(f"{url}/api/ui-signin", headers=shown) as answer:
            assert answer.status == 204, await answer.text()
            return cls(session, url, answer.headers["Set-Cookie"].partition(";")[0])

    async def get(self, path: str = "", mark: str | None = None, **query: str) -> Seen:
        """Look at a page; `mark`: what is known of it."""
        known = {"If-None-Match": mark} if mark else {}
        return await self._ask("GET", f"/api/ui{path}", known, query=query)

    async def follow(self, where: str) -> Seen:
        """Look at a whole address."""
        return await self._ask("GET", where, {})

    async def post(self, where: str, fields: dict[str, str]) -> Seen:
        """Send a form."""
        return await self._ask("POST", where, HERE, fields)

    async def _ask(
        self,
        method: str,
        where: str,
        headers: dict[str, str],
        fields: dict[str, str] | None = None,
        query: dict[str, str] | None = None,
    ) -> Seen:
        async with self.session.request(
            method,
            self.url + where,
            params=query,
            data=fields,
            headers={"Cookie": self.cookie, **headers},
            allow_redirects=False,
        ) as answer:
            found = answer.headers
            assert "default-src 'none'" in found["Content-Security-Policy"]
            assert "no-store" == found["Cache-Control"]
            return Seen(
                answer.status, await answer.text(), found.get("ETag"), found.get("Location")
            )
