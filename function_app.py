"""Azure Functions entry point: settings → app. The functions are in acr_global/functions."""

import gc
import os
import threading

# A webhook waits for a cold start, of which these two took an eighth: looking for garbage in what
# is made for good, and for plugins of pydantic in the metadata of every package that is there.
gc.disable()
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")

from acr_global.functions.app import build_deployed  # noqa: E402 (not before that)


def load_ahead() -> None:
    """Load what the first webhook asks the engine by, while the host gets ready to call it. One
    that comes before this is done waits for it, as for any import."""
    try:
        import aiohttp  # noqa: F401
    finally:
        gc.freeze()
        gc.enable()


app = build_deployed(os.environ)
threading.Thread(target=load_ahead, name="loading", daemon=True).start()
