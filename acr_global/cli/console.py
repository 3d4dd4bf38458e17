"""The standard streams and the current folder of every program here, and how each ends.

An error is one line on stderr and an exit code (exits.py). Where the reader of stdout has had
enough, like `head`, nothing is printed, as with other programs.

A stream that was closed before the start is None to Python: print() then writes errors among the
data, and the next file or socket that is opened takes its number. So it is opened on /dev/null.
"""

from __future__ import annotations

import errno
import io
import os
import select
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

from acr_global.cli.exits import CommandError, Exit
from acr_global.errors import AcrGlobalError


class FolderGoneError(AcrGlobalError):
    """The current folder has been removed, or may not be entered."""

    reason = "folder-gone"


def run(command: Callable[[], int], prefix: str = "") -> int:
    """Run a command; returns its exit code. An error is one line on stderr."""
    try:
        try:
            return command()
        finally:
            sys.stdout.flush()
    except AcrGlobalError as error:
        fail(error.message, prefix)
        return error.exit if isinstance(error, CommandError) else Exit.PROBLEMS
    except SystemExit as end:  # a parser's, after the help, or that of _Stdout
        return int(end.code or Exit.FINE)
    except KeyboardInterrupt:
        return Exit.INTERRUPTED


def fail(message: str, prefix: str = "") -> None:
    """Print an error."""
    from acr_global.cli.output import line

    print(f"{prefix}error: {line(message)}", file=sys.stderr)


def open_streams() -> None:
    """Make the standard streams usable, whatever they are. Call it once, before anything else."""
    # In this order, because an opened file takes the lowest free number.
    sys.stdin = sys.stdin or os.fdopen(_nothing(os.O_RDONLY))
    # Opened for reading, so that writing fails, as it does for a closed stdout.
    sys.stdout = _writable(sys.stdout, _Stdout, os.O_RDONLY)
    sys.stderr = _writable(sys.stderr, _Stderr, os.O_WRONLY)


def current_folder() -> Path:
    """The current folder. Raises FolderGoneError."""
    try:
        return Path.cwd()
    except OSError as error:
        raise FolderGoneError(
            f"the current folder cannot be had: {error.strerror}; go to another one"
        ) from None


def outlive_stdout() -> None:
    """Let the program go on from now on even where stdout cannot be written."""
    _Stdout.needed = False


class _Raw(io.FileIO):
    """Waits where a pipe is full, even where others have made it non-blocking."""

    def write(self, data: Any) -> int:
        while (count := super().write(data)) is None:
            select.select([], [self], [])
        return count


class _Stdout(_Raw):
    """Ends the program where it cannot be written: by SystemExit, which callers do not catch as an
    error, and which asyncio passes on."""

    needed = True

    def write(self, data: Any) -> int:
        try:
            return super().write(data)
        except OSError as error:
            # The rest of the buffer, written at the very end, needs somewhere to go.
            os.dup2(_nothing(os.O_WRONLY), self.fileno())
            if not self.needed:
                return len(data)
            if error.errno == errno.EPIPE:
                raise SystemExit(Exit.UNHEARD) from None
            fail(f"stdout cannot be written: {error.strerror}")
            raise SystemExit(Exit.PROBLEMS) from None


class _Stderr(_Raw):
    """Ignores failures to write, because there is nobody to tell."""

    def write(self, data: Any) -> int:
        try:
            return super().write(data)
        except OSError:
            return len(data)


def _nothing(flags: int) -> int:
    """The number of an open /dev/null, which started programs inherit."""
    number = os.open(os.devnull, flags)
    os.set_inheritable(number, True)
    return number


def _writable(stream: TextIO | None, kind: type[_Raw], flags: int) -> TextIO:
    """The stream on a file of this kind. Characters that its encoding lacks become escapes."""
    if stream is None:
        number, encoding, by_line = _nothing(flags), "utf-8", True
    elif not isinstance(stream, io.TextIOWrapper):
        return stream
    elif sys.platform == "win32" and stream.isatty():  # a console, which is no file there
        stream.reconfigure(errors="backslashreplace")
        return stream
    else:
        number, encoding = stream.fileno(), stream.encoding
        by_line = stream.line_buffering or stream.write_through
    buffer = io.BufferedWriter(kind(number, "w", closefd=False))
    return io.TextIOWrapper(buffer, encoding, "backslashreplace", line_buffering=by_line)
