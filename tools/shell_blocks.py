"""The shell blocks of the README and the docs, and the checks of each. Pure."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]

FLAGS = {
    # learn.microsoft.com/azure/azure-functions/functions-core-tools-reference and the Core Tools'
    # PublishFunctionAppAction.cs, read 2026-11-26
    ("func", "azure", "functionapp", "publish"): {
        "--additional-packages",
        "--build",
        "--build-native-deps",
        "--force",
        "--list-ignored-files",
        "--list-included-files",
        "--no-build",
        "--nozip",
        "--overwrite-settings",
        "--publish-local-settings",
        "--publish-settings-only",
        "--slot",
    },
    ("func", "start"): {"--port", "--verbose", "--enableAuth"},
    # learn.microsoft.com/azure/developer/azure-developer-cli/reference, read 2026-11-26
    ("azd", "env", "new"): {"--environment", "--location", "--subscription"},
    ("azd", "env", "set"): {"--environment"},
    ("azd", "up"): {"--environment"},
    ("azd", "provision"): {"--environment", "--preview"},
    ("azd", "deploy"): {"--all", "--environment", "--from-package"},
    ("azd", "down"): {"--environment", "--force", "--purge"},
}
"""The commands of `func` and `azd` that the docs may use, with their flags."""


@dataclass(frozen=True)
class Block:
    """One block of commands that somebody types or pastes."""

    document: Path
    line: int
    script: str

    def __str__(self) -> str:
        return f"{self.document.name}:{self.line}"


def blocks() -> list[Block]:
    """Every block marked sh, and the lines after a `$` of those marked console."""
    return [block for document in DOCUMENTS for block in _of(document)]


def _of(document: Path) -> list[Block]:
    text, found = document.read_text(), []
    for match in re.finditer(r"^( *)```(sh|console)\n(.*?)^ *```$", text, re.M | re.S):
        indent, kind, body = match.groups()
        lines = [line.removeprefix(indent) for line in body.splitlines()]
        if kind == "console":
            lines = [line[2:] for line in lines if line.startswith("$ ")]
        found.append(
            Block(document, text.count("\n", 0, match.start()) + 1, "\n".join(lines) + "\n")
        )
    return found


def placeholders(block: Block) -> list[str]:
    """What the reader would have to replace within a command: `<name>`, or a name in capitals."""
    text = re.sub(r"<<-?'?\w+'?", "", re.sub(r"<\((.*?)\)", "", block.script))
    return re.findall(r"<[A-Za-z][\w -]*>|(?<![\w$-])(?:NAME|GROUP|APP|REGISTRY)(?!\w)", text)


def unset(block: Block) -> list[str]:
    """Variables that the block reads and has not set; capitals are the environment's."""
    read = set(re.findall(r"\$\{?([a-z_]+)", block.script))
    made = set(re.findall(r"^\s*([a-z_]+)=", block.script, re.M))
    made |= set(re.findall(r"\bfor ([a-z_]+) in\b", block.script))
    return sorted(read - made)


def late(block: Block) -> list[str]:
    """Variables for the reader to change that do not stand at the top."""
    lines = [line for line in block.script.splitlines() if line]
    plain = [bool(re.fullmatch(r"[a-z_]+=('[^']*'|[^\s$`]+)", line)) for line in lines]
    top = plain.index(False) if False in plain else len(plain)
    return [line for line, is_plain in list(zip(lines, plain, strict=True))[top:] if is_plain]


def wrong_flags(block: Block) -> list[str]:
    """Commands of `func` and `azd` that are not in the list, or with a flag that is not."""
    wrong = []
    for line in block.script.replace("\\\n", " ").splitlines():
        words = (
            shlex.split(line, comments=True) if line.strip().startswith(("func ", "azd ")) else []
        )
        if not words:
            continue
        known = [command for command in FLAGS if tuple(words[: len(command)]) == command]
        flags = {word.split("=")[0] for word in words if word.startswith("-")}
        if not known or flags - FLAGS[known[0]]:
            wrong.append(line)
    return wrong
