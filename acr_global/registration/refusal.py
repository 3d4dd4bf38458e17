"""Errors of the resource manager, in one sentence that shows no secret.

The service's own message is never repeated: it may name people, and contain the request.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from acr_global.errors import AcrGlobalError

_ACTION = re.compile(r"perform action '(?P<action>[A-Za-z0-9./]{1,200})'")
_CODE = re.compile(r"[A-Za-z0-9_.-]{1,80}")
_REQUEST_ID = re.compile(r"[0-9A-Za-z-]{1,80}")
REQUEST_ID_HEADER = "x-ms-request-id"
_MEANINGS = {
    401: "it does not take the sign-in: the wrong tenant, or a token that has run out",
    404: "there is no such thing",
    409: "something else is being done to it at this moment",
    429: "too many requests",
}


class ArmError(AcrGlobalError):
    """A request to the resource manager failed."""

    reason = "arm-refused"

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        code: str | None = None,
        request_id: str | None = None,
        right: str | None = None,
    ):
        super().__init__(message)
        self.answered = status
        """The HTTP status; None where there was no answer."""
        self.code = code
        """The service's error code, such as `AuthorizationFailed`."""
        self.request_id = request_id
        """The service's support asks for it."""
        self.right = right
        """The missing right; None where that is not the cause."""

    @property
    def passing(self) -> bool:
        """Whether the same request may succeed later."""
        answered = self.answered
        # Below 400: an operation was begun, and has failed.
        return answered is None or answered in (408, 409, 429) or not 400 <= answered < 500


class SignInError(ArmError):
    """No identity could sign in, or none of the wanted tenant."""

    reason = "arm-sign-in"


def refused(
    what: str, right: str, status: int, headers: Mapping[str, str], body: bytes | str
) -> ArmError:
    """The error for an answer to a request that was to do `what` and needs `right`."""
    code, said = _read(body)
    found = next((v for k, v in headers.items() if k.lower() == REQUEST_ID_HEADER), "")
    request_id = found if _REQUEST_ID.fullmatch(found) else None
    lacking = None
    if status == 403 and code in (None, "AuthorizationFailed", "LinkedAuthorizationFailed"):
        named = _ACTION.search(said)
        lacking = named["action"] if named else right
    meaning = f"the right {lacking} is missing" if lacking else _MEANINGS.get(status, "")
    unsaid = "the resource manager refuses" if status >= 400 else "it was begun, and has failed"
    text = f"cannot {what}: " + (meaning or unsaid)
    about = [f"status {status}", *([code] if code else [])]
    if request_id:
        about.append(f"request id {request_id}")
    return ArmError(
        f"{text} ({', '.join(about)})",
        status=status,
        code=code,
        request_id=request_id,
        right=lacking,
    )


def _read(body: bytes | str) -> tuple[str | None, str]:
    """The service's error code, if there is one, and its message."""
    try:
        error = json.loads(body)["error"]
        code, said = error["code"], error.get("message")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None, ""
    shown = code if isinstance(code, str) and _CODE.fullmatch(code) else None
    return shown, said if isinstance(said, str) else ""
