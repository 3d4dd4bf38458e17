"""The plan as commands for az, or for Terraform. Pure; neither contains a key.

Sources: `az acr webhook create --help` of azure-cli 2.91; the schema of
azurerm_container_registry_webhook in hashicorp/terraform-provider-azurerm, read 2026-11-26.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Iterator, Mapping

from acr_global.registration.model import App, Registry, Webhook
from acr_global.registration.plan import Kind, Step
from acr_global.registry.naming import KEY_HEADER, TAG

_AZ_HEAD = """\
#!/bin/sh
# What `acr-global webhooks apply` would do at the registry {registry}.
# Usage: sh webhooks.sh FILE
# FILE holds one line, {header}=KEY, which so is in no list of processes; remove it when all
# is done.
set -eu
headers=$1
registry={registry}
app={app}
"""

_TERRAFORM_HEAD = """\
# The webhooks of the registry {registry}, as `acr-global webhooks apply` would have them.
# Terraform's state holds the function key in clear, whatever is marked as sensitive: keep the
# state where only those can read it who may have the key.

variable "image_push_key" {{
  description = "A key of the function ImagePush."
  type        = string
  sensitive   = true
}}
"""

TERRAFORM_TYPE = "azurerm_container_registry_webhook"


def az_script(app: App, registry: Registry, steps: Iterable[Step]) -> str:
    """A script for a POSIX shell that does what is planned."""
    quoted = {"app": shlex.quote(app.id), "registry": shlex.quote(registry.name)}
    lines = [line for step in steps for line in _az(step)]
    head = _AZ_HEAD.format(header=KEY_HEADER, **quoted)
    return "\n".join([head, *(lines or ["# Nothing is to be done."])]) + "\n"


def terraform(registry: Registry, group: str, steps: Iterable[Step]) -> str:
    """The wanted webhooks in Terraform's language. Existing ones are imported; surplus ones are
    only named. `group` is the registry's."""
    parts = [_TERRAFORM_HEAD.format(registry=registry.name)]
    for step in steps:
        if step.webhook is None:
            parts.append(f"# {step.region}: {step.name} {_left(step)}.\n")
            continue
        parts.append(_resource(registry, group, step.webhook))
        if step.kind is not Kind.CREATE:
            parts.append(_import(registry, step.webhook))
    return "\n".join(parts)


def _az(step: Step) -> Iterator[str]:
    if step.kind is Kind.REMOVE:
        yield f"# {step.region}: {step.reason}"
        yield f'az acr webhook delete --registry "$registry" --name {step.name} --output none'
    elif step.webhook is None:
        yield f"# {step.region}: {step.name} {_left(step)}"
    elif step.kind is not Kind.KEEP:
        yield from _az_write(step, step.webhook)


def _az_write(step: Step, webhook: Webhook) -> Iterator[str]:
    """One command with all values, because the service may replace what it has by them."""
    others = [name for name in webhook.headers or {} if name.lower() != KEY_HEADER]
    yield f"# {step.region}" + (f": {', '.join(step.fields)}" if step.fields else "")
    if others:
        yield f"# It has other headers, which belong into FILE too: {', '.join(map(_hcl, others))}"
    made_anew = step.kind is Kind.CREATE or "state" in step.fields
    verb, where = ("create", f" --location {webhook.location}") if made_anew else ("update", "")
    beside = [f" {shlex.quote(f'{k}={v}')}" for k, v in webhook.tags.items() if k != TAG]
    yield f'az acr webhook {verb} --registry "$registry" --name {webhook.name} \\'
    yield f'  --uri {shlex.quote(webhook.uri or "")} --headers "@$headers" \\'
    yield f"  --actions {' '.join(webhook.actions)} --scope {shlex.quote(webhook.scope)} \\"
    yield f'  --status enabled --tags "{TAG}=$app"{"".join(beside)}{where} --output none'


def _left(step: Step) -> str:
    verb = "should be removed" if step.kind is Kind.REMOVE else "cannot be made yet"
    return f"{verb}: {step.reason}"


def _resource(registry: Registry, group: str, webhook: Webhook) -> str:
    others = [name for name in webhook.headers or {} if name.lower() != KEY_HEADER]
    fields = {
        "name": _hcl(webhook.name),
        "resource_group_name": _hcl(group),
        "registry_name": _hcl(registry.name),
        "location": _hcl(webhook.location),
        "service_uri": _hcl(webhook.uri or ""),
        "actions": f"[{', '.join(map(_hcl, webhook.actions))}]",
        "scope": _hcl(webhook.scope),
        "status": _hcl("enabled"),
    }
    lines = _aligned("  ", fields)
    # Headers of others may be secret, too.
    beside = [f"    # {_hcl(name)} is there, too" for name in others]
    own = [f'    "{KEY_HEADER}" = var.image_push_key', *beside]
    tags = _aligned("    ", {_hcl(name): _hcl(value) for name, value in webhook.tags.items()})
    return "\n".join(
        [
            f'resource "{TERRAFORM_TYPE}" "{webhook.location}" {{',
            *lines,
            "  custom_headers = {",
            *own,
            "  }",
            "  tags = {",
            *tags,
            "  }",
            "}\n",
        ]
    )


def _aligned(indent: str, fields: Mapping[str, str]) -> list[str]:
    """Fields aligned as by `terraform fmt`."""
    width = max(map(len, fields))
    return [f"{indent}{name.ljust(width)} = {value}" for name, value in fields.items()]


def _import(registry: Registry, webhook: Webhook) -> str:
    return (
        f"import {{\n  to = {TERRAFORM_TYPE}.{webhook.location}\n"
        f"  id = {_hcl(f'{registry.id}/webhooks/{webhook.name}')}\n}}\n"
    )


def _hcl(text: str) -> str:
    """A text as a literal: characters that begin an expression are doubled."""
    return json.dumps(text, ensure_ascii=False).replace("${", "$${").replace("%{", "%%{")
