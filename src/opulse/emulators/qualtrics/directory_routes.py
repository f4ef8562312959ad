"""Directories, contacts, the search, mailing lists and bulk imports over HTTP."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from opulse.emulators.qualtrics.brand import Brand
from opulse.emulators.qualtrics.checks import checked_contact, checked_object, matcher
from opulse.emulators.qualtrics.envelope import as_found, as_listed, as_single, milliseconds, page, success
from opulse.emulators.qualtrics.models import IMPORT_FIELDS, MOST_FOUND, Import, MailingList, Refused

_API: Final = "/API/v3"
_MOST_IMPORTED: Final = 10_000
_MOST_BYTES: Final = 5_000_000


async def body_of(request: Request) -> Any:
    """The JSON body.

    Raises:
        Refused: it is none, or too large.
    """
    raw = await request.body()
    if len(raw) > _MOST_BYTES:
        raise Refused(413, "The request body is too large.")
    if not request.headers.get("content-type", "").startswith("application/json"):
        raise Refused(400, "The content type must be application/json.", "BR_4")
    try:
        return msgspec.json.decode(raw)
    except msgspec.DecodeError:
        raise Refused(400, "The request body is not JSON.", "BR_0") from None


class DirectoryRoutes:
    """The routes over one brand. ``url``: the stand-in's own address."""

    def __init__(self, brand: Brand, url: str) -> None:
        self._brand = brand
        self._url = url

    def routes(self) -> list[Route]:
        """Every route here; a path that names another directory is answered 404."""
        base = f"{_API}/directories/{{directory}}"
        lists, one_list = f"{base}/mailinglists", f"{base}/mailinglists/{{list_id}}"
        return [
            Route(f"{_API}/directories", self.list_directories),
            Route(f"{base}/contacts", self.list_contacts),
            Route(f"{base}/contacts", self.create_contact, methods=["POST"]),
            Route(f"{base}/contacts/search", self.search_contacts, methods=["POST"]),
            Route(f"{base}/contacts/{{contact_id}}", self.get_contact),
            Route(f"{base}/contacts/{{contact_id}}", self.change_contact, methods=["PUT"]),
            Route(f"{base}/contacts/{{contact_id}}", self.delete_contact, methods=["DELETE"]),
            Route(lists, self.list_lists),
            Route(lists, self.create_list, methods=["POST"]),
            Route(one_list, self.get_list),
            Route(one_list, self.delete_list, methods=["DELETE"]),
            Route(f"{one_list}/contacts", self.list_members),
            Route(f"{one_list}/contacts", self.create_member, methods=["POST"]),
            Route(f"{one_list}/contacts/{{contact_id}}", self.delete_member, methods=["DELETE"]),
            Route(f"{one_list}/transactioncontacts", self.begin_import, methods=["POST"]),
            Route(f"{one_list}/transactioncontacts/{{import_id}}", self.get_import),
        ]

    async def list_directories(self, request: Request) -> Response:
        """The brand's one directory."""
        criteria = self._brand.criteria
        row = {
            "directoryId": self._brand.directory,
            "name": None,
            "contactCount": len(self._brand.contacts),
            "isDefault": True,
            "deduplicationCriteria": {
                "email": criteria.email,
                "firstName": False,
                "lastName": False,
                "externalDataReference": criteria.ext_ref,
                "phone": False,
            },
        }
        return self._elements(request, [row])

    async def list_contacts(self, request: Request) -> Response:
        """Pages of all contacts."""
        self._check(request)
        embedded = request.query_params.get("includeEmbedded") == "true"
        found, follow = page(request, self._url, list(self._brand.contacts.values()))
        return success({"elements": [as_listed(one, embedded=embedded) for one in found], "nextPage": follow})

    async def search_contacts(self, request: Request) -> Response:
        """Contacts by a filter; more than 10,000 are refused."""
        self._check(request)
        body = checked_object(await body_of(request), frozenset({"filter"}), frozenset({"filter"}))
        matches = matcher(body["filter"])
        near = self._near(body["filter"])
        some = self._brand.contacts if near is None else dict.fromkeys(near)
        rows = [contact for one in some if matches(contact := self._brand.contacts[one])]
        if len(rows) > MOST_FOUND:
            raise Refused(400, "Searches deeper than 10000 contacts are not possible.", "SRCH_4")
        embedded = request.query_params.get("includeEmbedded") == "true"
        found, follow = page(request, self._url, rows)
        return success({"elements": [as_found(one, embedded=embedded) for one in found], "nextPage": follow})

    async def create_contact(self, request: Request) -> Response:
        """One more contact, whoever is there already."""
        self._check(request)
        return success({"id": self._brand.create(checked_contact(await body_of(request))).id})

    async def get_contact(self, request: Request) -> Response:
        self._check(request)
        contact = self._brand.contact_of(request.path_params["contact_id"])
        names = {one.id: one.name for one in self._brand.lists.values()}
        return success(as_single(contact, names, self._brand.user))

    async def change_contact(self, request: Request) -> Response:
        self._check(request)
        contact = self._brand.contact_of(request.path_params["contact_id"])
        self._brand.change(contact, checked_contact(await body_of(request)))
        return success()

    async def delete_contact(self, request: Request) -> Response:
        self._check(request)
        self._brand.delete(request.path_params["contact_id"])
        return success()

    async def list_lists(self, request: Request) -> Response:
        self._check(request)
        return self._elements(request, [self._list_row(one) for one in self._brand.lists.values()])

    async def create_list(self, request: Request) -> Response:
        self._check(request)
        known = frozenset({"name", "ownerId", "prioritizeListMetadata"})
        body = checked_object(await body_of(request), known, frozenset({"name"}))
        return success({"id": self._brand.make_list(str(body["name"])).id})

    async def get_list(self, request: Request) -> Response:
        return success(self._list_row(self._list(request)))

    async def delete_list(self, request: Request) -> Response:
        """The list goes, its contacts stay."""
        self._brand.delete_list(self._list(request).id)
        return success()

    async def list_members(self, request: Request) -> Response:
        """Pages of a list's contacts."""
        theirs = self._list(request)
        embedded = request.query_params.get("includeEmbedded") == "true"
        found, follow = page(request, self._url, [self._brand.contacts[one] for one in theirs.members])
        rows = [
            as_listed(one, embedded=embedded)
            | {"mailingListUnsubscribed": False, "contactLookupId": one.lookups[theirs.id]}
            for one in found
        ]
        return success({"elements": rows, "nextPage": follow})

    async def create_member(self, request: Request) -> Response:
        """A new contact on the list; one like it that is there already stays beside it."""
        theirs = self._list(request)
        contact = self._brand.create(checked_contact(await body_of(request)))
        return success({"id": contact.id, "contactLookupId": self._brand.join(contact, theirs.id)})

    async def delete_member(self, request: Request) -> Response:
        """Off the list; the contact stays in the directory."""
        theirs = self._list(request)
        contact = self._brand.contact_of(request.path_params["contact_id"])
        if contact.lookups.pop(theirs.id, None) is None:
            raise Refused(404, f"{contact.id} not found", "ESSG_2")
        theirs.members.pop(contact.id, None)
        return success()

    async def begin_import(self, request: Request) -> Response:
        """Take contacts in bulk; what is wrong with one of them is told by the progress."""
        theirs = self._list(request)
        body = checked_object(
            await body_of(request), frozenset({"contacts", "transactionMeta"}), frozenset({"contacts"})
        )
        rows = body["contacts"]
        if not isinstance(rows, list) or not rows or len(rows) > _MOST_IMPORTED:
            raise Refused(400, f"contacts must be a list of 1 to {_MOST_IMPORTED} contacts.", "BR_2")
        for row in rows:
            checked_object(row, IMPORT_FIELDS)
        made = self._brand.begin_import(theirs.id, rows)
        result = {
            "id": made.id,
            "contacts": {"unprocessed": []},
            "tracking": {"url": f"{self._url}{request.url.path}/{made.id}"},
            "status": "in progress",
        }
        return success(result)

    async def get_import(self, request: Request) -> Response:
        theirs = self._list(request)
        return success(_progress(self._brand.look_at_import(theirs.id, request.path_params["import_id"])))

    def _check(self, request: Request) -> None:
        if request.path_params["directory"] != self._brand.directory:
            raise Refused(404, "Directory not found.", "ESSG_2")

    def _list(self, request: Request) -> MailingList:
        self._check(request)
        return self._brand.list_of(request.path_params["list_id"])

    def _list_row(self, one: MailingList) -> dict[str, Any]:
        return {
            "mailingListId": one.id,
            "name": one.name,
            "ownerId": self._brand.user,
            "creationDate": milliseconds(one.made_at),
            "lastModifiedDate": milliseconds(one.made_at),
            "contactCount": len(one.members),
        }

    def _elements(self, request: Request, rows: list[dict[str, Any]]) -> Response:
        found, follow = page(request, self._url, rows)
        return success({"elements": list(found), "nextPage": follow})

    def _near(self, given: dict[str, Any]) -> Iterable[str] | None:
        """The contacts that an index finds for a filter; None: it takes a walk through all."""
        if given.get("conjunction") == "or":
            parts = [self._near(part) for part in given["filters"]]
            return (
                None if any(part is None for part in parts) else [one for part in parts for one in part or ()]
            )
        if given.get("filterType") == "email":
            return self._brand.with_email(given["value"])
        if given.get("filterType") == "extRef":
            return self._brand.with_ext_ref(given["value"])
        return None


def _progress(job: Import) -> dict[str, Any]:
    return {
        "percentComplete": 100.0 if job.is_done else 50.0,
        "contacts": {"count": {"added": job.added, "updated": job.updated, "failed": job.failed}},
        "transactions": {"count": {"created": 0}},
        "invalidEmails": list(job.invalid),
        "status": "complete" if job.is_done else "in progress",
    }
