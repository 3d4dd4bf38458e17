"""Entry point of `python -m benchmarks.chaos`."""

import sys

from acr_global.cli.console import current_folder, open_streams, run


def main() -> int:
    """Run the command from the current folder; returns its exit code."""
    current_folder()  # the SDK looks into it when it is imported
    from benchmarks.chaos.cli import main

    return main()


if __name__ == "__main__":
    open_streams()
    sys.exit(run(main))
