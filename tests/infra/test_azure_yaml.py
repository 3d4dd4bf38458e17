"""Everything that azure.yaml names exists."""

from __future__ import annotations

import re

from tests.infra.deployment import INFRA, ROOT, load

TEXT = (ROOT / "azure.yaml").read_text()


def test_the_service_is_the_one_that_the_function_app_is_tagged_as() -> None:
    """Otherwise azd would find no app to publish to."""
    (service,) = re.findall(r"^services:\n  (\w+):", TEXT, re.M)
    assert service == load("main").the("Microsoft.Web/sites")["tags"]["azd-service-name"]


def test_the_module_and_the_hook_are_there() -> None:
    """Their paths start at the root."""
    (module,) = re.findall(r"^  module: (\w+)", TEXT, re.M)
    assert (INFRA / f"{module}.bicepparam").exists()
    (hook,) = re.findall(r"^    run: (\S+)", TEXT, re.M)
    assert (ROOT / hook).exists()


def test_what_the_hook_is_handed_are_outputs() -> None:
    """azd exports a deployment's outputs by their names."""
    outputs = load("main").document["outputs"]
    for name in re.findall(
        r'environ(?:\.get\(|\[)"([a-z]\w+)"', (INFRA / "hooks/postdeploy.py").read_text()
    ):
        assert name in outputs
