"""Azurite, the storage emulator: what to run, and how an app is told of it.

Source of the string: learn.microsoft.com/azure/storage/common/storage-configure-connection-string.
"""

from __future__ import annotations

HOST = "127.0.0.1"
KINDS = ("blob", "queue", "table")
ACCOUNT = "devstoreaccount1"
# No secret: every emulator has this key, and Microsoft has published it (source: above).
_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="


def command(program: str, blob: str, queue: str, table: str, *options: str) -> list[str]:
    """The command that runs it on these ports; `options` say where it keeps its data."""
    # Silent, because it logs a line each time func polls a queue: several a second.
    line = [program, "--silent", "--skipApiVersionCheck", "--disableTelemetry", *options]
    for kind, port in zip(KINDS, (blob, queue, table), strict=True):
        line += [f"--{kind}Host", HOST, f"--{kind}Port", port]
    return line


def connection(blob: str, queue: str, table: str) -> str:
    """The connection string of an emulator on these ports."""
    known = ["DefaultEndpointsProtocol=http", f"AccountName={ACCOUNT}", f"AccountKey={_KEY}"]
    for kind, port in zip(KINDS, (blob, queue, table), strict=True):
        known.append(f"{kind.title()}Endpoint=http://{HOST}:{port}/{ACCOUNT}")
    return ";".join(known)
