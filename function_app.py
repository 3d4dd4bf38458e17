"""Azure Functions entry point: settings → app. The functions are in acr_global/functions."""

import gc
import os

# What is made at the start stays: to look for garbage in it took a tenth of a cold start.
gc.disable()

from acr_global.functions.app import build_deployed  # noqa: E402 (not before that)

app = build_deployed(os.environ)

gc.freeze()
gc.enable()
