"""These tests are for `make test-next`: with the SDK 1.x there is nothing to collect."""

from acr_global.functions.durable.sdk import NEXT

collect_ignore_glob = [] if NEXT else ["test_*.py"]
