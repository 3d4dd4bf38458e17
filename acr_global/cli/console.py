"""The standard streams and the current folder of every program here, and the one way to its end.

What goes wrong is one line on stderr and an exit code (exits.py). Where whoever read stdout has
enough, as `head` does, nothing is said, as with other programs.

A stream that was closed before the start is None to Python: print() then writes errors among the
data, and the next file or socket that is opened takes its number. So it is opened on nothing.
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
    """Run a command; returns its exit code. What goes wrong is one line on stderr."""
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
    """Say what went wrong."""
    from acr_global.cli.output import line

    print(f"{prefix}error: {line(message)}", file=sys.stderr)


def open_streams() -> None:
    """Make the standard streams fit to be used, whatever they are. Once, before anything else."""
    # In this order: what is opened takes the lowest number that is free.
    sys.stdin = sys.stdin or os.fdopen(_nothing(os.O_RDONLY))
    # Opened to be read, so that writing fails, as it does wherever stdout is closed.
    sys.stdout = _writable(sys.stdout, _Stdout, os.O_RDONLY)
    sys.stderr = _writable(sys.stderr, _Stderr, os.O_WRONLY)


def current_folder() -> Path:
    """Where we are. Raises FolderGoneError."""
    try:
        return Path.cwd()
    except OSError as error:
        raise FolderGoneError(
            f"the current folder cannot be had: {error.strerror}; go to another one"
        ) from None


def outlive_stdout() -> None:
    """From now on the program goes on where its stdout cannot be written any more."""
    _Stdout.needed = False


class _Raw(io.FileIO):
    """Waits where a pipe is full, also where its other users want no waiting."""

    def write(self, data: Any) -> int:
        while (count := super().write(data)) is None:
            select.select([], [self], [])
        return count


class _Stdout(_Raw):
    """Ends the program where it cannot be written: by SystemExit, which nobody takes for an error
    of his own, and which asyncio lets pass in good order."""

    needed = True

    def write(self, data: Any) -> int:
        try:
            return super().write(data)
        except OSError as error:
            # What is in the buffer still, and is written at the very end, is to find a place.
            os.dup2(_nothing(os.O_WRONLY), self.fileno())
            if not self.needed:
                return len(data)
            if error.errno == errno.EPIPE:
                raise SystemExit(Exit.UNHEARD) from None
            fail(f"stdout cannot be written: {error.strerror}")
            raise SystemExit(Exit.PROBLEMS) from None


class _Stderr(_Raw):
    """Where it cannot be written there is nobody to tell."""

    def write(self, data: Any) -> int:
        try:
            return super().write(data)
        except OSError:
            return len(data)


def _nothing(flags: int) -> int:
    """The number of an open /dev/null, also for the programs that are started."""
    number = os.open(os.devnull, flags)
    os.set_inheritable(number, True)
    return number


def _writable(stream: TextIO | None, kind: type[_Raw], flags: int) -> TextIO:
    """The stream on a file of this kind. What its encoding lacks is shown as an escape."""
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
