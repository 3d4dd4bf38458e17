"""The Azure SDK's retries, and its errors in our own words. Imports the SDK late."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from acr_global.registration.refusal import ArmError, SignInError, refused

MAX_WAIT = 60.0
"""Seconds. A longer Retry-After is reported rather than obeyed."""
RETRIES = 4


def patience() -> Any:
    """The SDK's retries, but fewer, and none after too long a wait."""
    from azure.core.pipeline.policies import RetryPolicy

    class Patience(RetryPolicy[Any, Any]):
        """The SDK's policy, which by itself would obey a Retry-After of an hour."""

        def is_retry(self, settings: Any, response: Any) -> bool:
            asked = self.get_retry_after(response)
            return (asked or 0) <= MAX_WAIT and super().is_retry(settings, response)

    return Patience(retry_total=RETRIES, retry_backoff_max=MAX_WAIT)


@contextmanager
def said(what: str, right: str) -> Iterator[None]:
    """Turn whatever the SDK raises into an ArmError in our own words."""
    from azure.core.exceptions import (
        AzureError,
        ClientAuthenticationError,
        HttpResponseError,
    )

    try:
        yield
    except HttpResponseError as error:
        answer: Any = error.response
        if answer is not None:
            failed = refused(what, right, answer.status_code, answer.headers, _body(answer))
        elif isinstance(error, ClientAuthenticationError):
            failed = SignInError(
                f"cannot {what}: nobody is signed in here; `az login`, or the AZURE_ variables of "
                "a service principal, and --tenant where it is not your own"
            )
        else:
            failed = ArmError(f"cannot {what}: the resource manager's answer cannot be read")
        raise failed from None
    except AzureError:
        raise ArmError(f"cannot {what}: the resource manager gave no answer") from None


def _body(answer: Any) -> str:
    try:
        return str(answer.text())
    except Exception:  # the body may be cut off, but the status is known
        return ""
