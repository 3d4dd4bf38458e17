"""`python -m acr_global`: the operator's commands."""

from __future__ import annotations

from acr_global.cli.main import program

if __name__ == "__main__":
    raise SystemExit(program())
