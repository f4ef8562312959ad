"""What a web-service task sends, and how it proves who it is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class WebAuth(StrEnum):
    """How the request says who sends it (qualtrics-product.md 4.4)."""

    NONE = "none"  # not at all
    BASIC = "basic"  # user name and secret, in Authorization
    API_KEY = "api_key"  # the secret, in a header that the account names
    OAUTH = "oauth"  # a token that the account's token address gives for client credentials (RFC 6749 4.4)


class BodyType(StrEnum):
    """What the body is."""

    NONE = "none"  # no body
    JSON = "json"
    FORM = "form"  # url-encoded names and values
    XML = "xml"
    PLAIN = "plain"


CONTENT_TYPES: Final = {
    BodyType.JSON: "application/json",
    BodyType.FORM: "application/x-www-form-urlencoded",
    BodyType.XML: "application/xml; charset=utf-8",
    BodyType.PLAIN: "text/plain; charset=utf-8",
}
METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")


class CallRefused(ValueError):
    """The request is not made, or its answer is no success; the message says what to mend."""


@dataclass(frozen=True)
class Call:
    """One request, ready but for its credentials."""

    method: str
    url: str
    headers: dict[str, str]
    body: bytes
