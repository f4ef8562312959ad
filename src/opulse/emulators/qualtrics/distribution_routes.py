"""Distributions over HTTP: send to a mailing list or to one contact, make links only, look, cancel, links, history."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from opulse.clock import Clock
from opulse.emulators.qualtrics.checks import checked_object, checked_time
from opulse.emulators.qualtrics.directory_routes import body_of
from opulse.emulators.qualtrics.envelope import iso, page, success
from opulse.emulators.qualtrics.fieldwork import Asked, Distribution, Field
from opulse.emulators.qualtrics.fieldwork.models import AskedState
from opulse.emulators.qualtrics.models import Contact, Refused

_ALL: Final = "/API/v3/distributions"
_SENT: Final = frozenset({"message", "recipients", "header", "surveyLink", "sendDate", "embeddedData"})
_NEEDED: Final = _SENT - {"embeddedData"}
_LINKS: Final = frozenset(
    {"action", "surveyId", "linkType", "description", "expirationDate", "mailingListId"}
)
_HEADER: Final = frozenset({"fromEmail", "fromName", "replyToEmail", "subject"})
_LINK_TYPES: Final = ("Individual", "Multiple", "Anonymous")


class DistributionRoutes:
    """The routes over one brand's fieldwork."""

    def __init__(self, field: Field, clock: Clock, url: str) -> None:
        self._field = field
        self._clock = clock
        self._url = url

    def routes(self) -> list[Route]:
        one = f"{_ALL}/{{distribution}}"
        return [
            Route(_ALL, self.list_distributions),
            Route(_ALL, self.create_distribution, methods=["POST"]),
            Route(one, self.get_distribution),
            Route(one, self.delete_distribution, methods=["DELETE"]),
            Route(f"{one}/links", self.list_links),
            Route(f"{one}/history", self.list_history),
        ]

    async def list_distributions(self, request: Request) -> Response:
        """A survey's distributions, of one mailing list where it is given."""
        self._field.advance()
        survey = self._field.survey_of(self._survey_id(request))
        of_list = request.query_params.get("mailingListId", "")
        rows = [
            one
            for one in self._field.distributions.values()
            if one.survey == survey.id and of_list in ("", one.list_id)
        ]
        found, follow = page(request, self._url, rows)
        return success({"elements": [self._element(one) for one in found], "nextPage": follow})

    async def create_distribution(self, request: Request) -> Response:
        """One more distribution; a repeat is a second one, and its people get a second mail."""
        body = await body_of(request)
        made = self._links(body) if isinstance(body, dict) and "action" in body else self._mail(body)
        self._field.add_distribution(made)
        return success({"id": made.id})

    async def get_distribution(self, request: Request) -> Response:
        self._field.advance()
        found = self._field.distribution_of(request.path_params["distribution"], self._survey_id(request))
        told = self._element(found)
        told["message"] = told["message"] | {"messageText": found.message}
        return success(told)

    async def delete_distribution(self, request: Request) -> Response:
        """Cancels it where it is pending."""
        self._field.advance()
        self._field.remove_distribution(request.path_params["distribution"])
        return success()

    async def list_links(self, request: Request) -> Response:
        """Each recipient's link."""
        self._field.advance()
        found = self._field.distribution_of(request.path_params["distribution"], self._survey_id(request))
        some, follow = page(request, self._url, self._field.recipients(found))
        return success({"elements": [self._link_row(found, one) for one in some], "nextPage": follow})

    async def list_history(self, request: Request) -> Response:
        """How far each recipient is."""
        self._field.advance()
        found = self._field.distribution_of(request.path_params["distribution"])
        some, follow = page(request, self._url, found.asked)
        return success({"elements": [self._history_row(found, one) for one in some], "nextPage": follow})

    def _survey_id(self, request: Request) -> str:
        given = request.query_params.get("surveyId", "")
        if not given:
            raise Refused(400, "Missing or invalid parameter: surveyId.", "BR_2")
        return given

    def _mail(self, given: Any) -> Distribution:
        body = checked_object(given, _SENT, _NEEDED)
        header = checked_object(body["header"], _HEADER, frozenset({"fromEmail", "fromName", "subject"}))
        message = checked_object(body["message"], frozenset({"messageText"}), frozenset({"messageText"}))
        link = checked_object(
            body["surveyLink"],
            frozenset({"surveyId", "type", "expirationDate"}),
            frozenset({"surveyId", "type"}),
        )
        list_id, lookup = self._recipients(body["recipients"])
        send_at = checked_time(body, "sendDate")
        if send_at is None or link["type"] not in _LINK_TYPES:
            raise Refused(400, "Missing or invalid parameter: sendDate or surveyLink.type.", "BR_2")
        return self._made(
            str(link["surveyId"]),
            list_id=list_id,
            lookup=lookup,
            header={name: str(value) for name, value in header.items()},
            message=str(message["messageText"]),
            link_type=str(link["type"]),
            expires_at=str(link.get("expirationDate") or ""),
            embedded={name: str(value) for name, value in (body.get("embeddedData") or {}).items()},
            send_at=send_at,
        )

    def _links(self, given: dict[str, Any]) -> Distribution:
        needed = frozenset({"action", "surveyId", "linkType", "description", "mailingListId"})
        body = checked_object(given, _LINKS, needed)
        if body["action"] != "CreateDistribution" or body["linkType"] not in _LINK_TYPES:
            raise Refused(400, "Missing or invalid parameter: action or linkType.", "BR_2")
        return self._made(
            str(body["surveyId"]),
            list_id=self._field.brand.list_of(str(body["mailingListId"])).id,
            link_type=str(body["linkType"]),
            description=str(body["description"]),
            expires_at=str(body.get("expirationDate") or ""),
            send_at=self._clock.now(),
            status="Generated",
        )

    def _made(self, survey_id: str, **given: Any) -> Distribution:
        survey = self._field.survey_of(survey_id)
        if not survey.is_active:
            raise Refused(400, "The survey is not active.", "GSI_3")
        usual: dict[str, Any] = {
            "lookup": "",
            "header": {},
            "message": "",
            "description": "",
            "embedded": {},
            "status": "Pending",
            "made_at": self._clock.now(),
        }
        return Distribution(self._field.make_id("EMD_"), survey.id, **(usual | given))

    def _recipients(self, given: Any) -> tuple[str, str]:
        """(mailing list, one contact's id on it)."""
        body = checked_object(given, frozenset({"mailingListId", "contactId"}))
        list_id, lookup = (str(body.get(name) or "") for name in ("mailingListId", "contactId"))
        if not list_id and not lookup:
            raise Refused(400, "Missing or invalid parameter: recipients.", "BR_2")
        if lookup:
            self._field.brand.with_lookup(lookup)
        if list_id:
            self._field.brand.list_of(list_id)
        return list_id, lookup

    def _element(self, one: Distribution) -> dict[str, Any]:
        brand = self._field.brand
        is_mail = one.status != "Generated"
        return {
            "id": one.id,
            "parentDistributionId": None,
            "ownerId": brand.user,
            "organizationId": "emulated",
            "requestStatus": one.status,
            "requestType": "Invite" if is_mail else "GeneratedInvite",
            "sendDate": iso(one.send_at),
            "createdDate": iso(one.made_at),
            "modifiedDate": iso(one.made_at),
            "customHeaders": {},
            "headers": {name: one.header.get(name) for name in sorted(_HEADER)},
            "recipients": {
                "mailingListId": one.list_id or None,
                "contactId": one.lookup or None,
                "libraryId": brand.user,
                "sampleId": None,
            },
            "message": {"libraryId": None, "messageId": None, "messageType": "Inline" if is_mail else None},
            "surveyLink": {
                "surveyId": one.survey,
                "expirationDate": one.expires_at or None,
                "linkType": one.link_type,
            },
            "embeddedData": dict(one.embedded) or None,
            "stats": _stats(one),
        }

    def _link_row(self, one: Distribution, contact: Contact) -> dict[str, Any]:
        sent = {asked.contact: asked.state for asked in one.asked}
        return {
            "contactId": contact.id,
            "transactionId": None,
            "link": self._link(one, one.lookup or self._field.lookup_of(contact, one.list_id)),
            "exceededContactFrequency": False,
            "linkExpiration": one.expires_at or None,
            "status": "Email not sent" if contact.id not in sent else sent[contact.id].value,
            "lastName": contact.last_name or None,
            "firstName": contact.first_name or None,
            "externalDataReference": contact.ext_ref or None,
            "email": contact.email or None,
            "unsubscribed": contact.unsubscribed,
        }

    def _link(self, one: Distribution, lookup: str) -> str:
        bare, survey = one.id.removeprefix("EMD_"), one.survey.removeprefix("SV_")
        channel = "gl" if one.status == "Generated" else "email"
        named = bare if one.status == "Generated" else f"EMD_{bare}"
        return f"{self._url}/jfe/form/{one.survey}?Q_CHL={channel}&Q_DL={named}_{survey}_{lookup}"

    def _history_row(self, one: Distribution, asked: Asked) -> dict[str, Any]:
        answered = iso(asked.answered_at) if asked.answered_at else None
        return {
            "contactId": asked.contact,
            "contactLookupId": asked.lookup,
            "distributionId": one.id,
            "status": asked.state.value,
            "surveyLink": self._link(one, asked.lookup),
            "contactFrequencyRuleId": None,
            "responseId": asked.response or None,
            "responseCompletedAt": answered,
            "sentAt": f"{asked.sent_at:%Y-%m-%dT%H:%M:%S}.{asked.sent_at.microsecond // 1000:03d}Z",
            "openedAt": answered,
            "responseStartedAt": answered,
            "surveySessionId": f"FS_{asked.response[2:]}" if asked.response else None,
        }


def _stats(one: Distribution) -> Mapping[str, int]:
    counts = Counter(asked.state for asked in one.asked)
    finished = counts[AskedState.FINISHED]
    return {
        "sent": counts[AskedState.SENT] + finished,
        "failed": counts[AskedState.FAILED],
        "started": finished,
        "bounced": 0,
        "opened": finished,
        "skipped": counts[AskedState.SKIPPED],
        "finished": finished,
        "complaints": 0,
        "blocked": 0,
    }
