"""Virtual environments in .tools/, for tools that are heavy or would disturb ours, and for the app
as it is deployed. Each is made when it is first needed, and anew when its packages change."""

from __future__ import annotations

import fcntl
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = (ROOT / ".tools").resolve()
"""Without links, as programs name the folder that they were installed in."""
EXTRAS = ("apprise", "cli", "otlp", "dev")
UV = Path(sys.executable).with_name("uv")


def venv(name: str, *arguments: str, python: str = sys.executable) -> Path:
    """The folder of the programs in .tools/NAME, where `uv pip install ARGUMENTS` has run.

    A file after `-r` counts by its content. Raises CalledProcessError.
    """
    home = FOLDER / name
    FOLDER.mkdir(exist_ok=True)
    with (FOLDER / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests run in processes side by side
        _install(home, arguments, python)
    return home / "bin"


def of_tests() -> tuple[str, ...]:
    """The arguments that install what the app and its tests need."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = [p for extra in EXTRAS for p in project["optional-dependencies"][extra]]
    return ("-r", "requirements.txt", *(p for p in extras if not p.startswith(project["name"])))


def _install(home: Path, arguments: tuple[str, ...], python: str) -> None:
    stamp, wanted = home / ".installed", _wanted(arguments, python)
    if not stamp.exists() or stamp.read_text() != wanted:
        print(f"Installing {home.name} into .tools/{home.name}", flush=True)
        uv = UV if UV.exists() else "uv"
        subprocess.run([uv, "venv", "-q", "--clear", "--python", python, home], check=True)
        install = [uv, "pip", "install", "-q", "--python", home / "bin" / "python"]
        subprocess.run([*install, *arguments], cwd=ROOT, check=True)
        stamp.write_text(wanted)


def _wanted(arguments: tuple[str, ...], python: str) -> str:
    files = [ROOT / a for a in arguments if (ROOT / a).is_file()]
    return "\n".join([python, *arguments, *(path.read_text() for path in files)])


def find_python(version: str) -> str | None:
    """A Python of a version such as 3.12; None where there is none.

    A name on PATH proves nothing (it may be a shim of a version manager), so each is tried.
    """
    managed = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python3"))
    for name in (shutil.which(f"python{version}"), *map(str, managed)):
        if name:
            program = "import sys; print('%d.%d' % sys.version_info[:2])"
            said = subprocess.run([name, "-c", program], capture_output=True, text=True)
            if said.stdout.strip() == version:
                return name
    return None
