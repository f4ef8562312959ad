"""The words of the way from a notification to the workflow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from opulse.pulses.doctor.models import Card, Kind, Severity

_F, _W, _A = Severity.FAULT, Severity.WARNING, Severity.ADVICE

WIRING: Final[Mapping[Kind, Card]] = {
    Kind.TELLS_NOBODY: Card(
        _F,
        "It activates, and neither people nor workflows hear of it.",
        "Choose a recipient.",
        "Take the recipient off.",
    ),
    Kind.NEVER_ACTIVATES: Card(
        _W,
        "It counts and never activates.",
        "Choose another schedule, or put systems in the group.",
        "Choose the schedule Never, or an empty group.",
    ),
    Kind.RECIPIENT_OFF: Card(
        _F, "Nothing is sent to it.", "Enable it (button).", "Disable the webhook's recipient."
    ),
    Kind.WEBHOOK_NOWHERE: Card(
        _F,
        "Each delivery is answered 404.",
        "Copy the address from the JSON event's page.",
        "Delete the workflow whose address the webhook calls.",
    ),
    Kind.RECEIVER_OFF: Card(
        _F,
        "Events are refused, and nobody is asked for any notification.",
        "Switch the workflow on (button).",
        "Switch the receiving workflow off.",
    ),
    Kind.BODY_NOT_JSON: Card(
        _F,
        "The receiver cannot read the event.",
        "Open the recipient and save it: the form says where the fault is.",
        "Cannot be saved today; bodies of before, and of a restored backup, can be so.",
    ),
    Kind.BODY_LACKS_PATH: Card(
        _F,
        "The task has no Systems URL or no Sensor Names, and fails.",
        "Copy the guide's body into the recipient, or mend the path of the JSON field.",
        "Take data.sensorNames out of the webhook's body.",
    ),
    Kind.TOKEN_NOT_SENT: Card(
        _F,
        "Each delivery is answered 401.",
        "Add the header X-API-TOKEN, or what the event asks for, to the recipient.",
        "Take the header X-API-TOKEN off the recipient.",
    ),
    Kind.EVENT_OPEN: Card(
        _A,
        "Whoever learns the address can start it; the rate is limited, the token stays safe.",
        "Choose API token in the JSON event and add the header to the recipient.",
        "Choose Authentication: Off in the JSON event.",
    ),
    Kind.FIELD_NOT_READ: Card(
        _F,
        "The task's field is empty in every run.",
        "Choose the JSON field with {a}.",
        "Rename a JSON field and leave the task's pipe as it was.",
    ),
    Kind.CLOUD_URL_DIFFERS: Card(
        _F,
        "The token is only sent to the Cloud URL's host, so the affected systems are not fetched.",
        "Enter the Cloud URL of Tenant Information.",
        "Type another host as Cloud URL.",
    ),
    Kind.TOKEN_URL_UNSAFE: Card(
        _F,
        "The password is not sent in the clear, so no token is got.",
        "Enter the Token URL with https.",
        "Type a Token URL with http.",
    ),
    Kind.CLIENT_ID_DIFFERS: Card(
        _F, "No token is given.", "Copy the Client ID of Tenant Information.", "Type another Client ID."
    ),
    Kind.ACCOUNT_UNKNOWN: Card(
        _F,
        "No token is given, and the affected systems are not fetched.",
        "Make a service account, and give the task an account with it.",
        "Revoke the service account.",
    ),
    Kind.KEY_EXPIRES: Card(
        _W,
        "What signs in with it is refused from then on.",
        "Regenerate the key, and give the new one to whoever uses it.",
        "Wait until 14 days before a key's end.",
    ),
    Kind.KEY_EXPIRED: Card(
        _F,
        "What signed in with it is refused.",
        "Make a new key, or revoke this one.",
        "Let a key end that is in use.",
    ),
}
