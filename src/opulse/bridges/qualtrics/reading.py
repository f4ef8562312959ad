"""Reading the envelope: only what we use, and that strictly; what else is there is passed over."""

from __future__ import annotations

from typing import Generic, TypeVar

import msgspec

from opulse.bridges.qualtrics.models import FoundContact, FoundDistribution, ImportProgress

T = TypeVar("T")


class Unreadable(Exception):
    """The answer is not what the product's description says: cut off, or something else answered."""


class _Contact(msgspec.Struct):
    id: str
    email: str | None = None
    externalDataReference: str | None = None  # noqa: N815  (the wire's name)
    embeddedData: dict[str, str | None] | None = None  # noqa: N815


class _ContactPage(msgspec.Struct):
    elements: list[_Contact]
    nextPage: str | None  # noqa: N815  (always there: null on the last page)


class _Begun(msgspec.Struct):
    id: str


class _Count(msgspec.Struct):
    added: int
    updated: int
    failed: int


class _Counted(msgspec.Struct):
    count: _Count


class _Progress(msgspec.Struct):
    status: str
    contacts: _Counted


class _Criteria(msgspec.Struct):
    email: bool = False
    externalDataReference: bool = False  # noqa: N815


class _Directory(msgspec.Struct):
    directoryId: str  # noqa: N815
    deduplicationCriteria: _Criteria | None = None  # noqa: N815


class _DirectoryPage(msgspec.Struct):
    elements: list[_Directory]
    nextPage: str | None = None  # noqa: N815


class _Error(msgspec.Struct):
    errorMessage: str = ""  # noqa: N815
    errorCode: str = ""  # noqa: N815


class _Meta(msgspec.Struct):
    error: _Error | None = None


class Envelope(msgspec.Struct, Generic[T]):
    """What every answer stands in."""

    result: T


class _MetaOnly(msgspec.Struct):
    meta: _Meta


def read_contacts(body: bytes) -> tuple[list[FoundContact], str | None]:
    """A page of a search, and the address of the next one."""
    result = decode(body, Envelope[_ContactPage]).result
    found = [
        FoundContact(
            one.id,
            one.email or "",
            one.externalDataReference or "",
            {name: value for name, value in (one.embeddedData or {}).items() if value is not None},
        )
        for one in result.elements
    ]
    return found, result.nextPage


def read_id(body: bytes) -> str:
    """The id of what was made or begun."""
    return decode(body, Envelope[_Begun]).result.id


def read_progress(body: bytes) -> ImportProgress:
    """How far an import is."""
    result = decode(body, Envelope[_Progress]).result
    count = result.contacts.count
    return ImportProgress(result.status == "complete", count.added, count.updated, count.failed)


def read_criteria(body: bytes, directory: str) -> tuple[dict[str, bool] | None, str | None]:
    """Which of ``email`` and ``ext_ref`` an import compares in a directory (None: not on this page), and the next page."""
    result = decode(body, Envelope[_DirectoryPage]).result
    one = next((one for one in result.elements if one.directoryId == directory), None)
    if one is None:
        return None, result.nextPage
    criteria = one.deduplicationCriteria or _Criteria()
    return {"email": criteria.email, "ext_ref": criteria.externalDataReference}, None


class _Named(msgspec.Struct):
    mailingListId: str  # noqa: N815
    name: str | None = None


class _NamedPage(msgspec.Struct):
    elements: list[_Named]
    nextPage: str | None  # noqa: N815


class _Member(msgspec.Struct):
    contactId: str  # noqa: N815


class _MemberPage(msgspec.Struct):
    elements: list[_Member]
    nextPage: str | None  # noqa: N815


class _Distribution(msgspec.Struct):
    id: str
    requestStatus: str  # noqa: N815
    createdDate: str = ""  # noqa: N815


class _DistributionPage(msgspec.Struct):
    elements: list[_Distribution]
    nextPage: str | None  # noqa: N815


def read_lists(body: bytes, name: str) -> tuple[list[str], str | None]:
    """The mailing lists of this name on a page, and the next page."""
    result = decode(body, Envelope[_NamedPage]).result
    return [one.mailingListId for one in result.elements if one.name == name], result.nextPage


def read_members(body: bytes) -> tuple[list[str], str | None]:
    """The contacts on a page of a mailing list, and the next page."""
    result = decode(body, Envelope[_MemberPage]).result
    return [one.contactId for one in result.elements], result.nextPage


def read_distributions(body: bytes) -> tuple[list[FoundDistribution], str | None]:
    """A page of distributions, and the next page."""
    result = decode(body, Envelope[_DistributionPage]).result
    found = [FoundDistribution(one.id, one.requestStatus, one.createdDate) for one in result.elements]
    return found, result.nextPage


def check_done(body: bytes) -> None:
    """That an answer without a result is whole."""
    decode(body, _MetaOnly)


def error_words(body: bytes) -> str:
    """What Qualtrics says is wrong; empty where it does not say."""
    try:
        error = msgspec.json.decode(body, type=_MetaOnly).meta.error or _Error()
    except msgspec.DecodeError:
        return ""
    return " ".join(part for part in (error.errorMessage[:200], error.errorCode[:20]) if part)


def decode(body: bytes, kind: type[T]) -> T:
    """An answer of this shape.

    Raises:
        Unreadable: it has another one.
    """
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.DecodeError as error:
        raise Unreadable(str(error)) from error
