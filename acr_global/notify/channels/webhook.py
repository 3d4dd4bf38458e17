"""The channel `webhook`: the JSON message with Standard Webhooks headers."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from acr_global.model import OutboundRequest
from acr_global.notify.notice import Notice
from acr_global.notify.target import SignedTarget
from acr_global.notify.words import headline


class WebhookTarget(SignedTarget):
    """The JSON message, as docs/message.schema.json describes it."""

    kind: Literal["webhook"] = "webhook"

    def render(self, message: Notice, environ: Mapping[str, str], now: datetime) -> OutboundRequest:
        """The message as docs/message.schema.json describes it; the headline is its `text`."""
        told = message.model_copy(update={"text": headline(message, self.template)})
        body = told.model_dump_json().encode()
        headers = {"content-type": "application/json"}
        headers |= self.signed_headers(message, environ, now, body)
        return self.request(environ, body, headers)


NOTES = """\
The JSON message ([schema](message.schema.json)) with [Standard
Webhooks](https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md)
headers.

```json
{"name": "ci", "kind": "webhook", "url": "https://ci.example.com/hooks/acr",
 "secrets": [{"$secret": "HOOK_SECRET_NEW"}, {"$secret": "HOOK_SECRET_OLD"}],
 "headers": {"X-Api-Key": {"$secret": "CI_KEY"}}}
```

- `webhook-id`, `webhook-timestamp` (of this attempt), and `webhook-signature`: one `v1,`
  signature per secret, over the exact bytes sent. No `secrets`: no signature.
- A secret is `whsec_` and the base64 form of 24 to 64 bytes:
  `echo "whsec_$(openssl rand -base64 32)"`.
- To rotate: put the new secret before the old one, change the receiver, take the old one out.

To verify in Python, with the package `standardwebhooks`:

```python
from standardwebhooks.webhooks import Webhook

message = Webhook(secret).verify(body, headers)  # raises when it is not us
```
"""
