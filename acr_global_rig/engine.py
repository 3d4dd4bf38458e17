"""The real engine for tests: Azurite, and `func` on the app, as processes that end with the run.

Which `func` is on PATH (the Azure Functions Core Tools, or another that speaks its command line)
makes no difference here. Each app is staged in a folder of its own with its own host.json, so no
developer's local.settings.json is read and each host can have a task hub of its own. From a
checkout only: that is where the app and Azurite are.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
import zipfile
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from acr_global_rig import azurite as emulator
from acr_global_rig.loopback import answers, free_port, free_ports
from acr_global_rig.processes import end, spawn

ROOT = Path(__file__).resolve().parent.parent
AZURITE = ROOT / ".tools" / "node_modules" / ".bin" / "azurite"
STARTS_WITHIN = 120.0
"""Seconds; `func` may fetch its extension bundle at the first start."""

PORT_TRIES, TAKEN = 5, "ddress already in use"

FUNCTION_KEY, MASTER_KEY = "a-function-key", "a-master-key"
"""The keys of a host that is started with keys."""


def why_not() -> str | None:
    """Why the engine cannot run here; None when it can."""
    if not shutil.which("func"):
        return "`func` is not on PATH"
    if not AZURITE.exists() and not shutil.which("npm"):
        return "Azurite is not there, and neither is npm to get it with"
    return None


def func_command(port: int | str) -> list[str]:
    """The command that starts `func` on a port."""
    return ["func", "start", "--port", str(port)]


def func_environment(environ: Mapping[str, str], bin_folder: str) -> dict[str, str]:
    """The environment for `func`, which starts the first Python on PATH."""
    path = os.pathsep.join((bin_folder, environ.get("PATH", "")))
    own = {"PATH": path, "VIRTUAL_ENV": str(Path(bin_folder).parent)}
    return {"FUNCTIONS_WORKER_RUNTIME": "python"} | dict(environ) | own


def _until_it_listens(process: subprocess.Popen[bytes], port: int) -> None:
    while not answers(("127.0.0.1", port)):
        if process.poll() is not None:
            raise RuntimeError(f"Azurite ended with {process.returncode}")
        time.sleep(0.05)


@dataclass(frozen=True)
class Azurite:
    """A running storage emulator."""

    ports: tuple[int, ...]
    """Of its blobs, queues and tables; or of what stands before them."""
    log: Path
    """Its debug log: some lines per storage request, so it grows long."""

    @property
    def connection(self) -> str:
        """The value for AzureWebJobsStorage."""
        return emulator.connection(*map(str, self.ports))

    def logged(self, since: int = 0) -> str:
        """The log, without its first `since` bytes."""
        with self.log.open("rb") as log:
            log.seek(since)
            return log.read().decode(errors="replace")


@contextlib.contextmanager
def azurite(*, fast: bool = False) -> Iterator[Azurite]:
    """Azurite on free ports, with a folder of its own. `fast`: in memory and with no debug log; the
    folder and the log take as much processor time as its work."""
    if not AZURITE.exists():
        subprocess.run(["make", "-s", str(AZURITE.relative_to(ROOT))], cwd=ROOT, check=True)
    ports = free_ports(len(emulator.KINDS))
    with tempfile.TemporaryDirectory(prefix="azurite-") as folder:
        lasting = ["--location", folder, "--debug", f"{folder}/debug.log"]
        kept = ["--inMemoryPersistence"] if fast else lasting
        command = emulator.command(str(AZURITE), *map(str, ports), *kept)
        process = spawn(command, stdout=subprocess.DEVNULL)
        try:
            for port in ports:
                _until_it_listens(process, port)
            yield Azurite(ports, Path(folder, "debug.log"))
        finally:
            end(process)


def stage(folder: Path, host_json: Mapping[str, Any], function_app: str | None = None) -> None:
    """Lay out our app, or another function_app.py, as it is deployed, with this host.json."""
    if function_app is None:
        shutil.copy(ROOT / "function_app.py", folder)
    else:
        (folder / "function_app.py").write_text(function_app)
    (folder / "acr_global").symlink_to(ROOT / "acr_global")
    (folder / "tests").symlink_to(ROOT / "tests")
    (folder / "host.json").write_text(json.dumps(host_json))


def publish(folder: Path, archive: Path, hub: str) -> None:
    """Lay out a release's zip, with another task hub."""
    with zipfile.ZipFile(archive) as release:
        release.extractall(folder)
    path = folder / "host.json"
    document = json.loads(path.read_text())
    document["extensions"]["durableTask"]["hubName"] = hub
    path.write_text(json.dumps(document))


def host_json(hub: str, **durable: Any) -> dict[str, Any]:
    """The host.json that is deployed, with another task hub, and `durable` options of a test."""
    document: dict[str, Any] = json.loads((ROOT / "host.json").read_text())
    document["extensions"]["durableTask"] |= {"hubName": hub, **durable}
    return document


def new_hub() -> str:
    """The name of a task hub that nobody else uses."""
    return f"T{uuid.uuid4().hex[:20]}"


@dataclass
class Host:
    """`func` on one staged app. `start` listens when it returns; `kill` is kill -9."""

    folder: Path
    environ: Mapping[str, str]
    port: int = field(default_factory=free_port)
    auth: bool = False
    storage: Azurite | None = None
    programs: Path = Path(sys.executable).parent
    """The folder of the Python that it starts."""
    process: subprocess.Popen[bytes] | None = None
    has_listened: bool = False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def hub(self) -> str:
        """Its task hub. Its tables' names begin with it, and its queues' with it in lower case."""
        document = json.loads((self.folder / "host.json").read_text())
        return str(document["extensions"]["durableTask"]["hubName"])

    @property
    def log(self) -> str:
        """Its output so far."""
        path = self.folder / f"{self.port}.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def another(self) -> Host:
        """One more host of the same app on the same hub, not started yet. Its temporary files
        are its own, as on another machine."""
        port = free_port()
        own = self.folder / f"tmp-{port}"
        own.mkdir()
        environ = dict(self.environ) | {"TMPDIR": str(own)}
        return Host(self.folder, environ, port, auth=self.auth, storage=self.storage)

    def launch(self) -> None:
        """Start the process without waiting until it listens."""
        environ = func_environment(os.environ | dict(self.environ), str(self.programs))
        with (self.folder / f"{self.port}.log").open("ab") as log:
            self.process = spawn(
                [*func_command(self.port), *(["--enableAuth"] if self.auth else [])],
                cwd=self.folder,
                env=environ,
                stdout=log,
            )

    async def start(self) -> None:
        """Start the process, and return when it listens. Raises RuntimeError where it ends.

        If somebody has taken its port since it was found to be free, it gets another.
        """
        for _ in range(PORT_TRIES):
            self.launch()
            try:
                return await self.listens()
            except RuntimeError:
                if TAKEN not in self.log or self.has_listened:
                    raise
            self.port = free_port()
        raise RuntimeError("no port stays free")

    async def listens(self) -> None:
        """Return when the app answers."""
        async with asyncio.timeout(STARTS_WITHIN), aiohttp.ClientSession() as session:
            while True:
                if self.process is None or self.process.poll() is not None:
                    raise RuntimeError(f"func ended: {self.log[-2_000:]}")
                with contextlib.suppress(aiohttp.ClientError):
                    async with session.get(f"{self.url}/admin/host/ping") as answer:
                        if answer.status == 200:
                            self.has_listened = True
                            return
                await asyncio.sleep(0.05)

    def kill(self) -> None:
        """Kill the host and all that it has started."""
        if self.process is not None:
            end(self.process)

    def pythons(self) -> list[int]:
        """The Python processes that it has at this moment: one, or none."""
        if self.process is None:
            return []
        return [int(pid) for pid in _descendants(self.process.pid) if _is_python(pid)]

    def kill_python(self) -> bool:
        """Kill the Python process alone; False when there is none at this moment."""
        found = self.pythons()
        for pid in found:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return bool(found)


def _descendants(pid: int) -> list[int]:
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in map(int, task.read_text().split()):
                found += [child, *_descendants(child)]
    return found


def _is_python(pid: int) -> bool:
    with contextlib.suppress(OSError):
        return b"python" in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[0]
    return False


@contextlib.asynccontextmanager
async def hosted(
    storage: Azurite,
    environ: Mapping[str, str],
    *,
    hub: str | None = None,
    port: int | None = None,
    auth: bool = False,
    function_app: str | None = None,
    release: Path | None = None,
    **durable: Any,
) -> AsyncIterator[Host]:
    """A running host. `environ`: the app's settings; `durable`: more options for host.json.
    `release`: the zip of what it runs, instead of our app."""
    with tempfile.TemporaryDirectory(prefix="app-") as folder:
        hub = hub or new_hub()
        if release:
            publish(Path(folder), release, hub)
        else:
            stage(Path(folder), host_json(hub, **durable), function_app)
        keys = {"ENGINEHOST_FUNCTION_KEY": FUNCTION_KEY, "ENGINEHOST_MASTER_KEY": MASTER_KEY}
        own = {"AzureWebJobsStorage": storage.connection, "TMPDIR": folder} | keys | dict(environ)
        host = Host(Path(folder), own, port or free_port(), auth=auth, storage=storage)
        try:
            await host.start()
            yield host
        finally:
            host.kill()
