"""Real OCI registries on loopback, for tests: Debian's `docker-registry`, filled by `skopeo`.

    with registries(["westeurope", "eastus"], {"westeurope": url}) as r:
        digest = r.push("westeurope", "team/app", "v1")
        r.replicate("westeurope", "eastus", "team/app", "v1")
        r.urls["eastus"]    # http://127.0.0.1:<port>

Each registry is a process of its own with its storage in a temporary directory, on a port that
the system picks. No network is needed: the image is made here.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from acr_global_rig.processes import guarded

HOW_TO_GET = "needs docker-registry and skopeo: apt-get install docker-registry skopeo"
INSTALLED = all(shutil.which(tool) for tool in ("docker-registry", "skopeo"))
needs_registry = pytest.mark.skipif(not INSTALLED, reason=HOW_TO_GET)

START_SECONDS = 20.0
COPY_SECONDS = 60.0

_OCI = "application/vnd.oci.image"


@dataclass(frozen=True, slots=True)
class Registries:
    """Running registries, by the region each stands for."""

    urls: Mapping[str, str]
    """Base URL of each, such as `http://127.0.0.1:43210`."""
    scratch: Path

    def host(self, name: str) -> str:
        """Host and port, as an image reference names the registry."""
        return self.urls[name].removeprefix("http://")

    def push(self, name: str, repository: str, tag: str, content: bytes = b"hello") -> str:
        """Push a one-layer image made of `content`; the manifest's digest."""
        layout = self.scratch / f"layout-{hashlib.sha256(content).hexdigest()[:16]}"
        digest = write_layout(layout, content)
        self._copy(f"oci:{layout}", f"docker://{self.host(name)}/{repository}:{tag}")
        return digest

    def replicate(self, source: str, target: str, repository: str, tag: str) -> None:
        """Copy one image from a registry to another, its digest unchanged."""
        self._copy(
            f"docker://{self.host(source)}/{repository}:{tag}",
            f"docker://{self.host(target)}/{repository}:{tag}",
            "--src-tls-verify=false",
        )

    def _copy(self, source: str, target: str, *options: str) -> None:
        # Left to itself, skopeo compresses the layer and so makes another image of it.
        command = ["skopeo", "--insecure-policy", "copy", "--quiet", "--preserve-digests"]
        done = subprocess.run(
            [*command, "--dest-tls-verify=false", *options, source, target],
            capture_output=True,
            text=True,
            timeout=COPY_SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stderr


def write_layout(directory: Path, content: bytes) -> str:
    """Write an OCI image layout with one image of one layer; the manifest's digest."""
    blobs = directory / "blobs" / "sha256"
    blobs.mkdir(parents=True, exist_ok=True)

    def blob(data: bytes, media_type: str) -> dict[str, object]:
        name = hashlib.sha256(data).hexdigest()
        (blobs / name).write_bytes(data)
        return {"mediaType": media_type, "digest": f"sha256:{name}", "size": len(data)}

    layer = blob(content, f"{_OCI}.layer.v1.tar")
    config = {
        "architecture": "amd64",
        "os": "linux",
        "config": {},
        "rootfs": {"type": "layers", "diff_ids": [layer["digest"]]},
    }
    manifest = {
        "schemaVersion": 2,
        "mediaType": f"{_OCI}.manifest.v1+json",
        "config": blob(_json(config), f"{_OCI}.config.v1+json"),
        "layers": [layer],
    }
    described = blob(_json(manifest), f"{_OCI}.manifest.v1+json")
    (directory / "oci-layout").write_bytes(_json({"imageLayoutVersion": "1.0.0"}))
    (directory / "index.json").write_bytes(_json({"schemaVersion": 2, "manifests": [described]}))
    return str(described["digest"])


@contextmanager
def registries(
    names: Sequence[str], notify: Mapping[str, str] | None = None, *, noisy: bool = False
) -> Iterator[Registries]:
    """Run one registry per name; those in `notify` post their notifications to that URL.

    Posted are pushes and deletes of manifests, as the app's users are told to configure it;
    with `noisy` everything is: blobs, pulls and mounts too. The registries stop with the
    block. Raises RuntimeError, with what the registry logged, when one does not begin to listen
    within START_SECONDS.
    """
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="registries-")))
        urls = {
            name: stack.enter_context(_running(name, scratch, (notify or {}).get(name), noisy))
            for name in names
        }
        yield Registries(urls, scratch)


@contextmanager
def _running(name: str, scratch: Path, notify: str | None, noisy: bool) -> Iterator[str]:
    config = scratch / f"{name}.json"
    config.write_bytes(_json(_configuration(scratch / name, notify, noisy)))  # JSON is YAML
    process = subprocess.Popen(
        ["docker-registry", "serve", str(config)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    log: list[str] = []
    address: list[str] = []
    ready = threading.Event()
    reader = threading.Thread(target=_follow, args=(process, log, address, ready), daemon=True)
    reader.start()
    try:
        ready.wait(START_SECONDS)
        if not address:
            raise RuntimeError(f"docker-registry did not start: {''.join(log[-20:])}")
        with guarded(process.pid):
            yield f"http://{address[0]}"
    finally:
        process.kill()  # nothing of its storage is wanted afterwards
        process.wait()
        reader.join()
        assert process.stderr is not None
        process.stderr.close()


def _follow(
    process: subprocess.Popen[str], log: list[str], address: list[str], ready: threading.Event
) -> None:
    """Drain the log, so that the registry never blocks on it; set `ready` at listening or end."""
    assert process.stderr is not None
    for line in process.stderr:
        log.append(line)
        _, found, rest = line.partition("listening on ")
        if found and not address:
            address.append(rest.split(",")[0].split('"')[0].strip())
            ready.set()
    ready.set()


def _configuration(storage: Path, notify: str | None, noisy: bool) -> dict[str, object]:
    """Source: the distribution registry's configuration reference, version 2.8.

    Seen in 2.8.2: ignored actions are only ignored where media types are named as well.
    """
    quiet = {"mediatypes": ["application/octet-stream"], "actions": ["pull", "mount"]}
    endpoint = {
        "name": "acr-global",
        "url": notify,
        "timeout": "5s",
        "threshold": 1,
        "backoff": "200ms",
        "ignore": {} if noisy else quiet,
    }
    return {
        "version": "0.1",
        "log": {"level": "info", "accesslog": {"disabled": True}},
        "storage": {
            "filesystem": {"rootdirectory": str(storage)},
            "delete": {"enabled": True},
        },
        "http": {"addr": "127.0.0.1:0"},
        "notifications": {"endpoints": [endpoint] if notify else []},
    }


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
