"""A scenario's JSON Schema, for editors.

`python -m acr_global_rig.simulation.schema > docs/scenario.schema.json` makes it.
"""

from __future__ import annotations

import json
import sys

from acr_global_rig.simulation.scenario import Scenario


def schema() -> str:
    """The JSON Schema of a scenario file, as it stands in docs/."""
    document = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    return json.dumps(document | Scenario.model_json_schema(), indent=2) + "\n"


if __name__ == "__main__":
    sys.stdout.write(schema())
