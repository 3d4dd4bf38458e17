"""Azure Functions entry point: settings → app. The functions are in acr_global/functions."""

import gc
import os

# A webhook waits for a cold start, of which these two took an eighth: looking for garbage in what
# is made for good, and for plugins of pydantic in the metadata of every package that is there.
gc.disable()
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")

from acr_global.functions.app import build_deployed  # noqa: E402 (not before that)

app = build_deployed(os.environ)

gc.freeze()
gc.enable()
