"""The channel `cloudevents`: the message as the data of a CloudEvent 1.0, structured mode.

Source: github.com/cloudevents/spec, cloudevents/spec.md and bindings/http-protocol-binding.md.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal
from urllib.parse import quote

from acr_global.model import Message, OutboundRequest
from acr_global.notify.message import delivery_id
from acr_global.notify.request import to_json
from acr_global.notify.target import SignedTarget
from acr_global.notify.words import headline, reference

TYPE_PREFIX = "acr-global.push."


class CloudEventsTarget(SignedTarget):
    """The same message as the data of a CloudEvent 1.0, structured mode."""

    kind: Literal["cloudevents"] = "cloudevents"

    def render(
        self, message: Message, environ: Mapping[str, str], now: datetime
    ) -> OutboundRequest:
        """One event: `type` acr-global.push.VERDICT, `source` the registry, `subject` the image.

        Signed like a webhook where the target has secrets. `id` and `webhook-id` are the same.
        """
        told = message.model_copy(update={"text": headline(message, self.template)})
        event = {
            "specversion": "1.0",
            "id": delivery_id(message, self.name),
            "source": "/acr-global/" + quote(message.push.registry or "unknown", safe=""),
            "type": TYPE_PREFIX + message.type.value,
            "subject": reference(message),
            "time": message.decided_at.isoformat().replace("+00:00", "Z"),
            "datacontenttype": "application/json",
            "data": told.model_dump(mode="json"),
        }
        body = to_json(event)
        headers = {"content-type": "application/cloudevents+json; charset=utf-8"}
        if self.secrets:
            headers |= self.signed_headers(message, environ, now, body)
        return self.request(environ, body, headers)


NOTES = """\
The same message as the data of a CloudEvent 1.0 in [structured
mode](https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md),
for Knative, Event Grid and others.

```json
{"name": "bus", "kind": "cloudevents", "url": {"$secret": "BUS_URL"}}
```

`type` is `acr-global.push.complete` (or `.overdue`, `.recovered`, `.incomplete`), `source`
`/acr-global/<registry>`, `subject` the image. With `secrets` it is signed like a webhook.
"""
