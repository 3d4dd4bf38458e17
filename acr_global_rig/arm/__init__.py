"""A resource manager on this machine, for the SDKs and the real `az`. Nothing of it reaches Azure.

    with LoopbackArm(certificate) as arm:
        registry = arm.add_registry("contoso", home="westeurope", regions=["northeurope"])
        site = arm.add_site("func-app", url="http://127.0.0.1:7071")
        ...                                     # clients that trust the certificate ask arm.url
        registry.fire("northeurope", event)     # a push has arrived there

    server       the server: its resources, log and rights
    exchange     one request and its answer; what is refused
    paths        ids of resources, and which action a request needs
    store        what it has
    entrance     the cloud's endpoints, sign-in, subscriptions
    registries   Microsoft.ContainerRegistry: registries, replications, usages
    webhooks     their webhooks: their properties, and what they post
    firing       posting an event to a webhook's URI
    operations   long-running operations: Azure-AsyncOperation
    sites        Microsoft.Web: sites, functions, keys
    resources    everything else: deployments, groups, roles
    faults       what goes wrong, and when

Facts about the real one stand beside the code, with their source: the ARM schema 2025-11-01, the
recordings of azure-cli's tests, and the requests of azure-cli 2.91. "Assumed" marks what none of
them tells.
"""

from acr_global_rig.arm.paths import PRINCIPAL, SUBSCRIPTION, TENANT
from acr_global_rig.arm.registries import Registry
from acr_global_rig.arm.server import LoopbackArm
from acr_global_rig.arm.sites import Site

__all__ = ["PRINCIPAL", "SUBSCRIPTION", "TENANT", "LoopbackArm", "Registry", "Site"]
