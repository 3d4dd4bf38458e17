"""Which cloud is used, and how to sign in to it."""

from __future__ import annotations

from acr_global.arm_ids import parse_id
from acr_global.registration.signin import CLOUDS, Cloud, cloud_at

ID = "/subscriptions/s-1/resourcegroups/My_Group/providers/microsoft.web/Sites/func-app/"


def test_a_cloud_is_known_by_its_resource_manager() -> None:
    """The authority follows from it; for any other cloud the environment names it."""
    assert CLOUDS["AzureChinaCloud"] == cloud_at("https://management.chinacloudapi.cn/")
    assert Cloud("https://localhost:1", None) == cloud_at("https://localhost:1")


def test_an_id_is_taken_apart() -> None:
    """Its case and a final slash do not matter."""
    assert ("s-1", "My_Group", "func-app") == parse_id(ID, "Microsoft.Web/sites")
    assert parse_id(ID, "Microsoft.ContainerRegistry/registries") is None
    assert parse_id(ID + "slots/x", "Microsoft.Web/sites") is None
    assert parse_id("func-app", "Microsoft.Web/sites") is None
