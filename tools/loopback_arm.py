"""A resource manager on this machine, for the real `az`: it keeps what it is given, gives it back,
and remembers what was asked. It judges nothing: a client that we did not write judges our commands.

What `az` asks of it was seen with azure-cli 2.91: the cloud's endpoints, a sign-in, and then plain
resource calls.
"""

from __future__ import annotations

import base64
import json
import re
import ssl
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

Json = dict[str, Any]

TENANT = "00000000-0000-0000-0000-00000000000a"
SUBSCRIPTION = "00000000-0000-0000-0000-000000000001"
PRINCIPAL = "00000000-0000-0000-0000-00000000000b"


class LoopbackArm:
    """The server; `url` is https. Use it as a context manager."""

    def __init__(self, certificate: Path, outputs: Json, listed: Json) -> None:
        """`outputs` are every deployment's; `listed` is what there is already, by resource id."""
        self.outputs = outputs
        self.after_sync: Json = {}
        """What is there once a function host has been told to look again."""
        self.asked: list[tuple[str, str, Any]] = []
        """Method, path and query, body."""
        self.keep(listed)
        arm = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _answer(self) -> None:
                arm.answer(self)

            do_GET = do_PUT = do_POST = do_PATCH = do_DELETE = do_HEAD = _answer  # noqa: N815

            def log_message(self, format: str, *args: Any) -> None:
                """Nothing: `asked` is the log."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.url = f"https://localhost:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> LoopbackArm:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def keep(self, listed: Json) -> None:
        """Have this, by resource id, and nothing else."""
        self.kept = {key.lower(): value for key, value in listed.items()}

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        """Answer one request; what is not there is 404, as the resource manager says it."""
        body = request.rfile.read(int(request.headers.get("Content-Length") or 0))
        parts = urlsplit(request.path)
        path, query = unquote(parts.path).rstrip("/"), parse_qs(parts.query)
        given = _json(body)
        self.asked.append((request.command, request.path, given))
        status, answer = self._route(request.command, path, query, given)
        raw = b"" if status == 204 else json.dumps(answer).encode()
        request.send_response(status)
        request.send_header("Content-Type", "application/json")
        request.send_header("Content-Length", str(len(raw)))
        request.end_headers()
        if request.command != "HEAD" and status != 204:
            request.wfile.write(raw)

    def _route(self, method: str, path: str, query: Json, given: Any) -> tuple[int, Any]:
        if (entrance := self._entrance(path)) is not None:
            return 200, entrance
        match method:
            case "PUT" | "PATCH":
                return 201 if method == "PUT" else 200, self._keep(path, given)
            case "DELETE":
                found = [k for k in self.kept if (k + "/").startswith(path.lower() + "/")]
                for key in found:
                    del self.kept[key]
                return (200, {}) if found and "/keys/" not in path else (204, {})
            case "POST":
                return 200, self._act(path, given)
        if (one := self.kept.get(path.lower())) is not None:
            return 200, one
        if method == "HEAD" or _is_one(path):
            return 404, {"error": {"code": "ResourceNotFound", "message": f"{path} is not there"}}
        return 200, {"value": self._list(path, query)}

    def _entrance(self, path: str) -> Any:
        """Endpoints, sign-in, subscriptions."""
        sign_in = f"{self.url}/{TENANT}"
        account = {"id": f"/subscriptions/{SUBSCRIPTION}", "subscriptionId": SUBSCRIPTION}
        account |= {"displayName": "loopback", "state": "Enabled", "tenantId": TENANT}
        match path.strip("/").split("/"):
            case ["metadata", "endpoints"]:
                return _endpoints(self.url)
            case [_, "v2.0", ".well-known", "openid-configuration"]:
                return {
                    "issuer": f"{sign_in}/v2.0",
                    "authorization_endpoint": f"{sign_in}/oauth2/v2.0/authorize",
                    "token_endpoint": f"{sign_in}/oauth2/v2.0/token",
                    "device_authorization_endpoint": f"{sign_in}/oauth2/v2.0/devicecode",
                }
            case [_, "oauth2", "v2.0", "token"]:
                return {"token_type": "Bearer", "expires_in": 3600, "access_token": _token()}
            case ["subscriptions"]:
                return {"value": [account]}
            case ["subscriptions", _]:
                return account
        return None

    def _keep(self, path: str, given: Any) -> Json:
        """Keep a resource, over what there was of it; a deployment has its outputs at once."""
        before = self.kept.get(path.lower(), {})
        given = given if isinstance(given, dict) else {}
        properties = {**before.get("properties", {}), **(given.get("properties") or {})}
        properties["provisioningState"] = "Succeeded"
        if "/Microsoft.Resources/deployments/" in path:
            named = {name: {"type": "Object", "value": v} for name, v in self.outputs.items()}
            properties = {"provisioningState": "Succeeded", "outputs": named}
        if "/keys/" in path and not properties.get("value"):
            properties["value"] = "made-by-the-platform"
        about = {"id": path, "name": path.rsplit("/", 1)[1], "type": _type(path)}
        kept = {**before, **given, **about, "properties": properties}
        self.kept[path.lower()] = kept
        return kept

    def _act(self, path: str, given: Any) -> Any:
        """The actions that are asked of it; any other does nothing, well."""
        if path.endswith("/host/default/listkeys"):
            system = {"durabletask_extension": "a-system-key"}
            return {"masterKey": "m", "functionKeys": {"default": "f"}, "systemKeys": system}
        match path.rsplit("/", 1)[1]:
            case "validate":
                return {"properties": {"provisioningState": "Succeeded"}}
            case "whatIf":
                return {"status": "Succeeded", "properties": {"changes": []}}
            case "listkeys":
                prefix = path.lower().removesuffix("/listkeys") + "/keys/"
                keys = [v for k, v in self.kept.items() if k.startswith(prefix)]
                return {k["name"]: k["properties"].get("value") for k in keys}
            case "listEvents":
                return {"value": []}
            case "ping":
                return {"id": "1"}
            case "sync":
                self.kept |= {key.lower(): value for key, value in self.after_sync.items()}
        return {}

    def _list(self, path: str, query: Json) -> list[Any]:
        """What lies directly below a path; or the resources of the type that a filter names."""
        if (wanted := " ".join(query.get("$filter", []))) and path.endswith("/resources"):
            kind = re.search(r"resourceType eq '([^']+)'", wanted)
            return [v for v in self.kept.values() if kind and v.get("type") == kind[1]]
        prefix = path.lower() + "/"
        below = {k: v for k, v in self.kept.items() if k.startswith(prefix)}
        return [v for k, v in below.items() if "/" not in k.removeprefix(prefix)]


def _json(body: bytes) -> Any:
    try:
        return json.loads(body) if body else None
    except ValueError:
        return body.decode(errors="replace")


def _is_one(path: str) -> bool:
    """Whether a path names one resource, and not a list: type and name come in pairs."""
    _, _, provider = path.partition("/providers/")
    own = path.rsplit("/providers/", 1)[1].split("/")[1:] if provider else path.split("/")[1:]
    return len(own) % 2 == 0


def _type(path: str) -> str:
    if "/providers/" not in path:
        return "Microsoft.Resources/resourceGroups"
    namespace, *rest = path.rsplit("/providers/", 1)[1].split("/")
    return "/".join([namespace, *rest[::2]])


def _token() -> str:
    claims = {"tid": TENANT, "oid": PRINCIPAL, "exp": int(time.time()) + 3600, "aud": "arm"}
    parts: tuple[Json, ...] = ({"alg": "none", "typ": "JWT"}, claims, {})
    return ".".join(
        base64.urlsafe_b64encode(json.dumps(p).encode()).decode().rstrip("=") for p in parts
    )


def _endpoints(url: str) -> Json:
    sign_in = {"loginEndpoint": url, "audiences": [url], "tenant": "common"}
    return {
        "name": "loopback",
        "authentication": sign_in | {"identityProvider": "AAD"},
        "graphAudience": url,
        "graph": url,
        "portal": url,
        "gallery": url,
        "resourceManager": url,
        "batch": url,
        "media": url,
        "sqlManagement": url,
        "vmImageAliasDoc": url,
        "microsoftGraphResourceId": url,
        "suffixes": {
            "storage": "core.localhost",
            "keyVaultDns": "vault.localhost",
            "acrLoginServer": "azurecr.localhost",
        },
    }
