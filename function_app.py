"""Azure Functions entry point: settings → app. The functions are in acr_global/functions."""

import os

from acr_global.functions.app import build_deployed

app = build_deployed(os.environ)
