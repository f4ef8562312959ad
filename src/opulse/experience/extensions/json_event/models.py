"""How a JSON event is protected, and what can be answered to one."""

from __future__ import annotations

from enum import StrEnum


class EventAuth(StrEnum):
    """What a sender must show."""

    OPEN = "open"  # nothing: whoever knows the address can start the workflow; rate limited
    TOKEN = "token"  # noqa: S105  # header X-API-TOKEN with an integration key
    BASIC = "basic"  # Basic authentication with an integration key as the password
    HMAC = "hmac"  # header x-lakeside-hmac-sha256 over the raw body, with a shared secret


class EventEnd(StrEnum):
    """What became of an event that was taken."""

    QUEUED = "queued"  # a run was started
    DUPLICATE = "duplicate"  # this ``eventId`` started its run before
    CONDITIONS_FALSE = "conditions_not_met"  # kept with its trace; nothing runs
    CAPTURED = "captured"  # kept for its workflow's author to look at; nothing runs
    TESTED = "test"  # looked at only (header X-Test: 1)


class EventRefusal(StrEnum):
    """Why an event was not taken (qualtrics-product.md 3.5)."""

    UNKNOWN_URL = "unknown_url"  # no workflow has this address
    TOO_LARGE = "too_large"  # more than 100 KB
    NOT_JSON = "not_json"  # the body is no JSON object, or holds what cannot be kept
    NOT_PROVED = "not_proved"  # the credential is missing or wrong
    WORKFLOW_OFF = "workflow_off"  # the workflow is switched off
    TOO_MANY = "too_many"  # more events a minute, or runs a day, than are allowed
