"""Ports to serve on: wrong and taken ones are found before anything starts."""

from __future__ import annotations

import socket


class PortError(Exception):
    """A port cannot be served on. The message is one line that says what to do."""


def check_free(name: str, port: str, host: str = "") -> None:
    """Raises PortError where nobody could listen on `port`, the value of `name`.

    Args:
        name: The variable of `make`.
        port: As it was given.
        host: The address to listen on; empty is all of them.
    """
    if not port.isascii() or not port.isdigit() or not 1 <= int(port) <= 65535:
        raise PortError(f"{name}={port} is no port; it may be 1 to 65535")
    with socket.socket() as probe:
        # So that a connection that was closed a minute ago is no obstacle.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, int(port)))
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise PortError(f"{name}={port} cannot be had: {reason}; name another") from None
