"""The server: its resources, its log, and the rights of its callers."""

from __future__ import annotations

import json
import re
import socket
import ssl
import threading
import uuid
from collections.abc import Iterable
from contextlib import suppress
from fnmatch import fnmatchcase
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode

from acr_global_rig.arm import entrance, resources
from acr_global_rig.arm.exchange import Answer, Asked, Json, Refused, Request, parse_body
from acr_global_rig.arm.faults import Cut, Fault, Late, struck
from acr_global_rig.arm.operations import Operations
from acr_global_rig.arm.paths import PRINCIPAL, REGISTRIES, SITES, action_of, is_wide
from acr_global_rig.arm.registries import Registries, Registry
from acr_global_rig.arm.sites import OURS, Site, Sites
from acr_global_rig.arm.store import Store
from acr_global_rig.arm.webhooks import Webhooks

SKIP = "$skiptoken"
ENDS_WITHIN = 0.02
"""Seconds between the server's checks whether it should end."""


class LoopbackArm:
    """The resource manager, on a free port of this machine while its block lasts.

    It runs in threads of its own; its methods may be called from any thread.
    """

    def __init__(self, certificate: Path) -> None:
        """`certificate`: a PEM file for `localhost` with its key, which clients must trust."""
        self.store = Store()
        self.operations = Operations()
        self.webhooks = Webhooks(self.store, self.operations)
        self.sites = Sites(self.store)
        self.outputs: Json = {}
        """The outputs of every deployment."""
        self.rights: set[str] | None = None
        """The actions that callers may do, with `*` as in a role; None: everything."""
        self.page = 100
        """Entries on one page of a list."""
        self.asked: list[Asked] = []
        """Every request, in the order in which they came."""
        self._registries = Registries(self.store, self.webhooks)
        self._faults: list[Fault] = []
        self._certificate = certificate
        self._server = _Server(self, certificate)
        self.url = f"https://localhost:{self._server.server_port}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(ENDS_WITHIN,), daemon=True
        )

    def __enter__(self) -> LoopbackArm:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        for connection in list(self._server.open):
            end(connection)
        self.webhooks.close()

    @property
    def environ(self) -> dict[str, str]:
        """An environment in which azure-identity signs in here, as on App Service, and trusts
        us."""
        trusted = {"REQUESTS_CA_BUNDLE": str(self._certificate)}
        asked_at = {"IDENTITY_ENDPOINT": self.url + entrance.IDENTITY, "IDENTITY_HEADER": "any"}
        return trusted | asked_at

    def clear(self) -> None:
        """Become like a new one, at the same URL."""
        with self.store.lock:
            self.store.clear()
            self.webhooks.secrets.clear()
            self.webhooks.logs.clear()
            self.webhooks.elsewhere.clear()
            self.sites.keys.clear()
            self.sites.unseen.clear()
            self.asked.clear()
            self._faults.clear()
            self.outputs, self.rights, self.page = {}, None, 100

    def add_registry(
        self,
        name: str,
        home: str = "westeurope",
        regions: Iterable[str] = (),
        sku: str = "Premium",
        group: str = "registries",
    ) -> Registry:
        """A registry with replicas in these regions and at home; only Premium has replicas."""
        return self._registries.add(name, home, regions, sku, group)

    def add_site(
        self,
        name: str,
        url: str = "https://localhost",
        functions: Iterable[str] = tuple(OURS),
        group: str = "acr-global",
    ) -> Site:
        """A function app at this URL, whose host lists these functions."""
        return self.sites.add(name, url, functions, group)

    def fail(
        self,
        action: str,
        how: int | Cut | Late,
        *,
        nth: int = 1,
        times: int = 1,
        retry_after: int | None = None,
    ) -> None:
        """Let the nth request from now on that needs an action go wrong, and the next ones, so many
        times in all."""
        with self.store.lock:
            self._faults.append(Fault(action, how, nth, times, retry_after))

    def answer(self, asked: Asked, headers: Any) -> Answer | None:
        """The answer to a request; None where the connection is cut instead."""
        path, _, query = asked.target.partition("?")
        path = re.sub("//+", "/", unquote(path)).rstrip("/")
        request = Request(asked.method, path, dict(parse_qsl(query)), asked.body, self.url)
        with self.store.lock:
            self.asked.append(asked)
            if (open_to_all := entrance.answer(path, self.url)) is not None:
                return Answer(200, open_to_all)
            try:
                return self._answer(request, headers)
            except Refused as refused:
                return refused.answer

    def _answer(self, request: Request, headers: Any) -> Answer | None:
        """Raises Refused."""
        if not str(headers.get("Authorization") or "").startswith("Bearer "):
            raise Refused(401, "AuthenticationFailed", "The Authorization header is missing.")
        if "api-version" not in request.query:
            raise Refused(400, "MissingApiVersionParameter", "The api-version is missing.")
        action = action_of(request.method, request.path)
        fault = struck(self._faults, action)
        if fault and fault.how is Cut.BEFORE:
            return None
        if fault and isinstance(fault.how, int):
            raise fault.refusal(fault.how)
        self.operations.next_fails = fault is not None and fault.how is Late.FAILED
        try:
            found = self._route(request, action)
        finally:
            self.operations.next_fails = False
        answer = self._paged(request, found) if isinstance(found, list) else found
        return None if fault and fault.how is Cut.AFTER else answer

    def _route(self, request: Request, action: str) -> Answer | list[Json]:
        if request.path.lower().endswith("/resources"):
            return self._filtered(request)
        if not self._may(action):
            if is_wide(request.path):
                return []
            raise Refused(
                403,
                "AuthorizationFailed",
                f"The client '{PRINCIPAL}' with object id '{PRINCIPAL}' does not have authorization"
                f" to perform action '{action}' over scope '{request.path}' or the scope is"
                " invalid. If access was recently granted, please refresh your credentials.",
            )
        kind = action.lower()
        if kind.startswith(f"{REGISTRIES}/".lower()):
            return self._registries.answer(request)
        if kind.startswith(f"{SITES}/".lower()):
            return self.sites.answer(request)
        return resources.answer(request, self.store, self.outputs)

    def _may(self, action: str) -> bool:
        return self.rights is None or any(
            fnmatchcase(action.lower(), right.lower()) for right in self.rights
        )

    def _filtered(self, request: Request) -> list[Json]:
        """The resources of the type that a filter names which the caller may read."""
        kind = re.search(r"resourceType eq '([^']+)'", request.query.get("$filter", ""))
        found = self.store.within(request.path, kind[1]) if kind else []
        return [one for one in found if self._may(f"{one['type']}/read")]

    def _paged(self, request: Request, every: list[Json]) -> Answer:
        begin = int(request.query.get(SKIP, 0))
        body: Json = {"value": every[begin : begin + self.page]}
        if begin + self.page < len(every):
            query = urlencode({**request.query, SKIP: begin + self.page}, quote_via=quote)
            body["nextLink"] = f"{self.url}{quote(request.path)}?{query}"
        return Answer(200, body)


def end(connection: socket.socket) -> None:
    """End a connection, also for a thread that reads or writes there."""
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


class _Server(ThreadingHTTPServer):
    request_queue_size = 128

    def __init__(self, arm: LoopbackArm, certificate: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.arm = arm
        self.open: set[socket.socket] = set()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        # The handler's thread does the handshake, so that a slow client holds up no other.
        self.socket = context.wrap_socket(
            self.socket, server_side=True, do_handshake_on_connect=False
        )

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore clients that go away or do not trust us."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # otherwise each body waits 40 ms for the head's acknowledgement
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.server.open.add(self.connection)

    def finish(self) -> None:
        self.server.open.discard(self.connection)
        super().finish()

    def _do(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        asked = Asked(self.command, self.path, parse_body(raw))
        answer = self.server.arm.answer(asked, self.headers)
        if answer is None:
            self.close_connection = True
            end(self.connection)
            return
        body = b"" if answer.body is None else json.dumps(answer.body).encode()
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("x-ms-request-id", str(uuid.uuid4()))
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_PUT = do_POST = do_PATCH = do_DELETE = do_HEAD = _do  # noqa: N815 - http.server calls them so

    def log_message(self, format: str, *args: Any) -> None:
        """Print nothing: `asked` is the log."""
