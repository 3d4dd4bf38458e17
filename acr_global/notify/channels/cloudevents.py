"""The channel `cloudevents`: the message as the data of a CloudEvent 1.0, structured mode.

Source: github.com/cloudevents/spec, cloudevents/spec.md and bindings/http-protocol-binding.md.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal
from urllib.parse import quote

from acr_global.model import Message, OutboundRequest
from acr_global.notify.message import delivery_id
from acr_global.notify.notice import Notice
from acr_global.notify.request import to_json
from acr_global.notify.target import SignedTarget
from acr_global.notify.words import headline, plain, reference

TYPE_PREFIX = "acr-global."


class CloudEventsTarget(SignedTarget):
    """The same message as the data of a CloudEvent 1.0, structured mode."""

    kind: Literal["cloudevents"] = "cloudevents"

    def render(self, message: Notice, environ: Mapping[str, str], now: datetime) -> OutboundRequest:
        """One event: `source` the registry, `subject` the image or, of a group, the regions.

        Signed like a webhook where the target has secrets. `id` and `webhook-id` are the same.
        """
        told = message.model_copy(update={"text": headline(message, self.template)})
        event = {
            "specversion": "1.0",
            "id": delivery_id(message, self.name),
            **_about(message),
            "datacontenttype": "application/json",
            "data": told.model_dump(mode="json"),
        }
        body = to_json(event)
        headers = {"content-type": "application/cloudevents+json; charset=utf-8"}
        if self.secrets:
            headers |= self.signed_headers(message, environ, now, body)
        return self.request(environ, body, headers)


def _about(message: Notice) -> dict[str, str]:
    if isinstance(message, Message):
        kind, registry, at = f"push.{message.type.value}", message.push.registry, message.decided_at
        subject = reference(message)
    else:
        kind, registry, at = f"group.{message.state}", message.registry, message.at
        subject = ",".join(map(plain, message.missing)) or "(unknown region)"
    return {
        "source": "/acr-global/" + quote(registry or "unknown", safe=""),
        "type": TYPE_PREFIX + kind,
        "subject": subject,
        "time": at.isoformat().replace("+00:00", "Z"),
    }


NOTES = """\
The same message as the data of a CloudEvent 1.0 in [structured
mode](https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md),
for Knative, Event Grid and others.

```json
{"name": "bus", "kind": "cloudevents", "url": {"$secret": "BUS_URL"}}
```

`type` is `acr-global.push.complete` (or `.overdue`, `.recovered`, `.incomplete`), `source`
`/acr-global/<registry>`, `subject` the image. Of a [group](grouping.md) the `type` is
`acr-global.group.behind` (or `.silent`, `.over`), the `subject` its regions. With `secrets` it is
signed like a webhook.

In Event Grid it takes a custom topic of the schema CloudEvents 1.0, with a key of the topic in the
header `aeg-sas-key`. A topic of another schema answers 400
([azure-sdk-for-python#16055](https://github.com/Azure/azure-sdk-for-python/issues/16055)), and so
does a domain, which wants a topic's name as `source`
([azure-docs#43468](https://github.com/MicrosoftDocs/azure-docs/issues/43468)).
"""
