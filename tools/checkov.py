"""`make secure`: what checkov finds in what infra/ would make.

In a template with user-defined types, as ours is, checkov checks nothing and says that all is well.
So it is given the snapshots: the resources as they would be made, as a plain template.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tools.venvs import ROOT, venv

CHECKOV = "checkov>=3.3,<4"
SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"
SNAPSHOTS = [
    ROOT / "infra" / "main.snapshot.json",
    *sorted((ROOT / "infra" / "examples").glob("*.snapshot.json")),
]

ACCEPTED = {
    "CKV_AZURE_17": "the registry shows no client certificate; it shows the function key",
    "CKV_AZURE_35": "without a private network there is none to let in; no key opens it, and the"
    " example `private` denies",
    "CKV_AZURE_36": "no service of Azure's needs to come in",
    "CKV_AZURE_59": "as CKV_AZURE_35: what is public there is the endpoint, not the data",
    "CKV_AZURE_206": "the task hub lives with its app, in one region; zones are `zoneRedundant`'s",
    "CKV_AZURE_212": "a setting of other plans: on Flex Consumption alwaysReady says it",
    "CKV_AZURE_213": "a setting of other plans: Flex Consumption takes no health check path",
    "CKV_AZURE_222": "the registry posts from outside any network of ours",
    "CKV_AZURE_225": "`zoneRedundant` is a parameter: not every region has zones",
}
"""Findings that are accepted, with the reason."""


def flatten(snapshot: dict[str, Any]) -> dict[str, Any]:
    """A snapshot as a template that checkov reads.

    Left out is the site's sign-in (authsettingsV2): checkov 3.3 takes any part of a site's
    configuration for the part `web`, and misses in it what belongs there.
    """
    return {
        "$schema": SCHEMA,
        "contentVersion": "1.0.0.0",
        "resources": [
            resource
            for resource in snapshot["predictedResources"]
            if not resource["name"].endswith("/authsettingsV2")
        ],
    }


def spoil(template: dict[str, Any]) -> dict[str, Any]:
    """The same, with a storage account that anybody can read over plain HTTP."""
    spoilt: dict[str, Any] = json.loads(json.dumps(template))
    for resource in spoilt["resources"]:
        if resource["type"] == "Microsoft.Storage/storageAccounts":
            resource["properties"] |= {
                "allowBlobPublicAccess": True,
                "supportsHttpsTrafficOnly": False,
                "minimumTlsVersion": "TLS1_0",
            }
    return spoilt


def check(checkov: Path, template: dict[str, Any]) -> tuple[int, set[str]]:
    """How many checks passed, and which failed. Raises where checkov does not say."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "flat.json").write_text(json.dumps(template))
        command: list[str | Path] = [
            checkov,
            "--file",
            "flat.json",
            "--framework",
            "arm",
            "--output",
            "json",
        ]
        ended = subprocess.run(
            [*command, "--compact", "--skip-download"], cwd=folder, capture_output=True, text=True
        )
    report = json.loads(ended.stdout)
    failed = {found["check_id"] for found in report["results"]["failed_checks"]}
    return report["summary"]["passed"], failed


def main() -> int:
    """0 only where checks were made, and every finding has its reason."""
    checkov = venv("checkov", CHECKOV) / "checkov"
    errors, found = [], set()
    for path in SNAPSHOTS:
        template = flatten(json.loads(path.read_text()))
        passed, failed = check(checkov, template)
        print(f"{path.relative_to(ROOT)}: {passed} checks passed, {len(failed)} found something")
        found |= failed
        if not passed:
            errors.append(f"{path}: checkov has checked nothing")
        errors += [f"{path}: {name} has no reason to stay" for name in failed - set(ACCEPTED)]
    if check(checkov, spoil(template))[1] <= set(ACCEPTED):
        errors.append("checkov finds nothing in a copy that is spoilt")
    errors += [f"{name} is accepted, and not found any more" for name in set(ACCEPTED) - found]
    print("\n".join(f"error: {error}" for error in errors) or "every finding has its reason")
    return bool(errors)


if __name__ == "__main__":
    sys.exit(main())
