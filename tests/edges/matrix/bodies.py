"""A body that fits, for routes that would refuse an empty one before they look at the object in their path.

``BODIES``: name of the route → its JSON, or the fields of its form. A route that needs a line says so in the matrix.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from opulse.experience.surveys import recommended_pulse
from opulse.mail.shell import STARTER
from opulse.web.roles import Role
from tests.edges.matrix.routes import Route
from tests.edges.matrix.world import MARK

NOTIFICATION = {
    "name": "Looked at",
    "sensors": [{"name": "High Page Faults"}],
    "group_id": "",
    "activation": {"option": "number", "value": 1_000},
}
SURVEY = {"name": "Looked at", "document": recommended_pulse().model_dump(mode="json")}

_MAIL = {"header": {"subject": "Looked at"}, "message": {"messageText": "Looked at"}}
UPDATES = {
    "updates": [{"responseId": "R_000000000000000", "embeddedData": {"a": "b"}}],
    "ignoreMissingResponses": True,
}
DELETES = {"deletes": [{"responseId": "R_000000000000000"}], "ignoreMissingResponses": True}
SUBSCRIPTION = {"topics": "controlpanel.activateSurvey", "publicationUrl": "https://93.184.216.34/heard"}
BODIES: Mapping[str, Mapping[str, Any]] = {
    "POST /API/v3/eventsubscriptions": SUBSCRIPTION,
    "POST /API/v3/distributions/{distribution}/reminders": _MAIL,
    "POST /API/v3/distributions/{distribution}/thankyous": _MAIL,
    "PUT /API/v3/surveys/{survey_id}": {"name": "Looked at"},
    "PUT /API/v3/survey-definitions/{survey_id}/metadata": {"SurveyName": "Looked at"},
    "POST /API/v3/survey-definitions/{survey_id}/versions": {"Published": True},
    "POST /API/v3/surveys/{survey_id}/export-responses": {"format": "csv"},
    "PUT /API/v3/responses/{response_id}": {"surveyId": "SV_000000000000000", "embeddedData": {"a": "b"}},
    "POST /API/v3/surveys/{survey_id}/update-responses": UPDATES,
    "POST /API/v3/surveys/{survey_id}/delete-responses": DELETES,
    "POST /API/v3/surveys/{survey_id}/responses": {"values": {}},
    "POST /API/v3/libraries/{library_name}/messages": {
        "category": "invite",
        "description": "Looked at",
        "messages": {"en": "Looked at"},
    },
    "POST /API/v3/directories/{directory}/contacts": {"email": "a@b.example"},
    "PUT /API/v3/directories/{directory}/contacts/{contact}": {"lastName": "Looked"},
    "POST /API/v3/directories/{directory}/contacts/search": {
        "filter": {"filterType": "email", "comparison": "notEmpty"}
    },
    "PUT /API/v3/directories/{directory}/mailinglists/{mailing_list}": {"name": "Looked at"},
    "POST /API/v3/directories/{directory}/transactions": {"k1": {"contactId": "CID_000000000000000"}},
    "POST /API/v3/directories/{directory}/mailinglists": {"name": "Looked at"},
    "POST /API/v3/directories/{directory}/mailinglists/{mailing_list}/transactioncontacts": {
        "contacts": [{"email": "a@b.example"}]
    },
    "POST /API/v3/directories/{directory}/transactionbatches": {"transactionIds": []},
    "POST /API/v3/directories/{directory}/transactionbatches/{batch}/transactions": {"transactionIds": []},
    "POST /API/v3/directories/{directory}/mailinglists/{mailing_list}/contacts": {"email": "a@b.example"},
    "PUT /API/v3/directories/{directory}/mailinglists/{mailing_list}/contacts/{contact}": {
        "lastName": "Looked"
    },
    "PUT /api/v1/groups/{group_id}": {"name": "Looked at"},
    "PUT /api/v1/groups/{group_id}/sensors": {"name": "High Page Faults", "enabled": False},
    "PUT /api/v1/recipients/{recipient_id}": {
        "name": "Looked at",
        "connection": "Email",
        "email": "a@b.example",
    },
    "PUT /api/v1/notifications/{notification_id}": NOTIFICATION,
    "PUT /api/v1/recipients/{recipient_id}/notifications": {"notifications": []},
    "POST /api/v1/directories/{directory}/contacts:bulk": {"contacts": [{"email": "a@b.example"}]},
    "POST /api/v1/directories/{directory}/mailing-lists": {"name": "Looked at"},
    "POST /api/v1/mailing-lists/{mailing_list}/members": {"contacts": []},
    "PUT /api/v1/directories/{directory}/frequency-rules": {"rules": []},
    "PUT /api/v1/directories/{directory}/asking-hours": {"quiet_from": "22:00", "quiet_until": "07:00"},
    "PUT /api/v1/directories/{directory}/fields": {"name": "looked", "kind": "text"},
    "POST /api/v1/directories/{directory}/fields/undeclare": {"name": "looked"},
    "POST /api/v1/directories/{directory}/field-changes": {"action": "remove", "field": "looked"},
    "PUT /api/v1/directories/{directory}/contacts/{contact}/subscription": {"subscribed": False},
    "PUT /api/v1/directories/{directory}/contacts/{contact}/mute": {"until": None},
    "PUT /api/v1/directories/{directory}/merge-rules": {"rules": [["email"]]},
    "POST /api/v1/directories/{directory}/contacts:merge": {"contacts": ["CID_1", "CID_2"]},
    "POST /api/v1/directories/{directory}/transactions": {"transactions": []},
    "POST /api/v1/directories/{directory}/segments": {"name": "Looked at", "rule": "asked >= 0"},
    "POST /api/v1/directories/{directory}/segments/preview": {"rule": "asked >= 0"},
    "POST /api/v1/directories/{directory}/samples": {"name": "Looked at", "source": "CG_1", "size": "1"},
    "PUT /api/v1/segments/{mailing_list}": {"name": "Looked at", "rule": "asked >= 0"},
    "PATCH /api/v1/mailing-lists/{mailing_list}/members": {"members": []},
    "PUT /api/v1/mailing-lists/{mailing_list}/shares": {"owner": "", "shares": []},
    "PUT /api/v1/surveys/{survey_id}": SURVEY,
    "PUT /api/v1/surveys/{survey_id}/responses-policy": {"identity": "confidential"},
    "PUT /api/v1/workflows/{workflow}": {
        "name": "Looked at",
        "trigger": {"type": "json_event", "form": {}},
        "tasks": [],
    },
    "POST /api/v1/workflows/{workflow}/holds": {"name": "Looked at"},
    "POST /api/v1/workflows/{workflow}/owner": {"person": "nobody"},
    "POST /api/v1/workflows/{workflow}/test-event": {"body": {}},
    "PUT /api/v1/sources/{source_id}": {"kind": "fleet", "name": "Looked at"},
    "POST /api/v1/sources/{source_id}/receive": {"policy": {"id": 1, "name": "Looked at"}, "hosts": []},
    "POST /api/v1/distributions/{distribution}/follow-ups": {"kind": "reminder", "after_minutes": 90},
    "POST /api/v1/distributions/{distribution}/test-mail": {"address": "a@b.example"},
    "PUT /api/v1/library-messages/{message}": {
        "name": "Looked at",
        "category": "invite",
        "texts": {"en": {"subject": "Looked at"}},
    },
    "PUT /api/v1/mail-templates/{template}": {"name": "Looked at", "source": STARTER},
    "PUT /api/v1/domain-keys/{domain_key}": {"active": False},
    "POST /distributions/{distribution}/follow-ups": {"kind": "reminder", "after": "90", "unit": "minutes"},
    "POST /distributions/library/messages/{message}": {
        "name": "Looked at",
        "category": "invite",
        "language": "en",
        "subject": "Looked at",
        "body": "",
    },
    "POST /distributions/library/templates/{template}": {"name": "Looked at", "source": STARTER},
    "PUT /scim/v2/Users/{user_id}": {"userName": "Looked at"},
    "PATCH /scim/v2/Users/{user_id}": {
        "Operations": [{"op": "replace", "value": {"displayName": "Looked at"}}]
    },
    "POST /admin/people/{person}": {"role": Role.VIEWER.value, "may_sign_in": "yes"},
    "POST /groups/{group_id}/remove": {"system": "none"},
    "PUT /api/v1/systems/{system_id}/primary-user": {"user_id": None},
    "POST /surveys/{survey_id}/state": {"state": "closed"},
    "POST /surveys/{survey_id}/responses/settings": {"identity": "confidential"},
    "POST /api/v1/doctor/mends": {"action": "switch_on", "target": "none"},
    "POST /admin/doctor/mend": {"action": "switch_on", "target": "none"},
    "PUT /api/v1/pulses/{pulse_id}": {"name": "Looked at", "sensors": ["High Page Faults"], "group_id": ""},
    "POST /api/v1/pulses/{pulse_id}/keep": {"part": "notification"},
    "POST /pulses/{pulse_id}/keep": {"kind": "notification"},
    "POST /pulses/{pulse_id}/switch": {"enabled": "no"},
    "POST /api/v1/service-accounts/{account}/rotate": {},
    "POST /api/v1/keys/{key}/regenerate": {},
}
QUERIES: Mapping[str, Mapping[str, str]] = {
    "GET /API/v3/distributions": {"surveyId": "SV_000000000000000"},
    "GET /api/v1/activations/{activation}/why": {"q": MARK},
    "GET /api/v1/workflows/{workflow}/differences": {"before": "1", "after": "1"},
    "GET /api/v1/maintenance-windows/preview": {"group_id": "none"},
    "GET /api/v1/users/systems": {"user": "none"},
    "GET /api/systems/users": {"user": "none"},
    "GET /users/of": {"user": "none"},
}


def request_of(route: Route) -> dict[str, Any]:
    """Arguments for the client."""
    given: dict[str, Any] = {}
    body = BODIES.get(route.name, {})
    if not route.reads:
        given["data" if route.is_page else "json"] = body
    if route.name in QUERIES:
        given["params"] = QUERIES[route.name]
    return given
