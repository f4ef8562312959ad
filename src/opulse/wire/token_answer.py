"""The answer of a token URL: Azure AD B2C's form (``expires_in`` as text) and RFC 6749's (as a number), both read and
both written.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from opulse.wire.errors import CutShort, UnreadableBody, broke_off

_BEARER: Final = "Bearer"
DEFAULT_LIFE: Final = 3600
"""Seconds that a token lives when the answer does not say."""


class TokenAnswer(msgspec.Struct, frozen=True):
    """A granted token. Its text form hides the token, so that no log shows it."""

    access_token: str
    token_type: str
    expires_in: int
    """Seconds from now."""
    scope: str | None = None

    def __repr__(self) -> str:
        return f"TokenAnswer({self.token_type}, expires_in={self.expires_in})"


class TokenRefusal(msgspec.Struct, frozen=True):
    """RFC 6749 5.2. B2C says ``access_denied`` with ``AADB2C90225: ...`` for a wrong password."""

    error: str
    error_description: str | None = None


def b2c_token_body(token: str, seconds: int) -> dict[str, Any]:
    """What the resource-owner password form answers: ``expires_in`` is text there."""
    return {"access_token": token, "token_type": _BEARER, "expires_in": str(seconds)}


def oauth_token_body(token: str, seconds: int, scope: str = "") -> dict[str, Any]:
    """What client credentials answer, as RFC 6749 5.1 and the Qualtrics API write it."""
    body: dict[str, Any] = {"access_token": token, "token_type": _BEARER, "expires_in": seconds}
    return body | {"scope": scope} if scope else body


def decode_token_answer(body: bytes) -> TokenAnswer:
    """Read a 200 of a token URL. Raises ``UnreadableBody`` when it grants no bearer token."""
    document = _object(body)
    token = document.get("access_token")
    kind = document.get("token_type", _BEARER)
    if not isinstance(token, str) or not token:
        raise UnreadableBody("the token answer has no access_token")
    if not isinstance(kind, str) or kind.lower() != _BEARER.lower():
        raise UnreadableBody("the token answer grants no bearer token")
    scope = document.get("scope")
    return TokenAnswer(
        access_token=token,
        token_type=_BEARER,
        expires_in=_seconds(document.get("expires_in")),
        scope=scope if isinstance(scope, str) else None,
    )


def decode_token_refusal(body: bytes) -> TokenRefusal:
    """Read a 400 or 401 of a token URL; an unreadable one is ``invalid_response``, since the status has said enough."""
    try:
        document = _object(body)
    except UnreadableBody:
        document = {}
    error, description = document.get("error"), document.get("error_description")
    return TokenRefusal(
        error=error if isinstance(error, str) and error else "invalid_response",
        error_description=description if isinstance(description, str) else None,
    )


def _object(body: bytes) -> dict[str, Any]:
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        if broke_off(body) and not isinstance(error, msgspec.ValidationError):
            raise CutShort("the token answer broke off") from error
        raise UnreadableBody("the token answer is not a JSON object") from error


def _seconds(value: object) -> int:
    """Whole seconds out of a number or a text; what cannot be read, or is not above 0, counts as the default life."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return DEFAULT_LIFE
    try:
        seconds = int(float(value))
    except (ValueError, OverflowError):
        return DEFAULT_LIFE
    return seconds if seconds > 0 else DEFAULT_LIFE
