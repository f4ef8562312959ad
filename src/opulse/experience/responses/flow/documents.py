"""The documents that people are asked with, kept in the process: a blast opens the same one 100,000 times.

A published version never changes, so what is kept is never stale; the oldest is dropped when there are many.
"""

from __future__ import annotations

from weakref import WeakKeyDictionary

from sqlalchemy import Connection

from opulse.db import Database
from opulse.experience.responses.models import Identity
from opulse.experience.responses.store.policies import find_policy
from opulse.experience.surveys.flow import get_version_in
from opulse.experience.surveys.models import LocalisedSurvey, SurveyDocument, VersionState
from opulse.experience.surveys.rules import is_walked, localise

MOST = 64
"""Versions kept per process: more than are asked with at one time, and a few megabytes at most."""


class KnownDocument:
    """One document and its wordings by language, each made when it is first asked for."""

    def __init__(self, document: SurveyDocument, *, named: bool = False) -> None:
        self.document = document
        self._named = named
        self.walked = is_walked(document)
        self._worded: dict[str, LocalisedSurvey] = {}

    def word(self, language: str) -> LocalisedSurvey:
        """The document in the closest language it has."""
        found = self._worded.get(language)
        if found is None:
            found = localise(self.document, language)
            if self._named:
                found = found.model_copy(update={"named": True})
            self._worded[found.language] = found
        return found


class Documents:
    """The documents of one database that this process has used lately."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, str, int], KnownDocument] = {}

    def find(self, tenant: int, survey: str, number: int) -> KnownDocument | None:
        """The version's document when it is known; asks no database."""
        return self._known.get((tenant, survey, number))

    def get_in(self, conn: Connection, tenant: int, survey: str, number: int) -> KnownDocument:
        """The version's document; read when it is not known yet. Raises SurveyUnknown."""
        key = (tenant, survey, number)
        known = self._known.pop(key, None)
        if known is None:
            version = get_version_in(conn, tenant, survey, number)
            named = find_policy(conn, tenant, survey).identity is Identity.NAMED
            known = KnownDocument(version.document, named=named)
            if version.state is not VersionState.PUBLISHED:
                return known
        self._known[key] = known
        if len(self._known) > MOST:
            self._known.pop(next(iter(self._known)), None)
        return known


_of_database: WeakKeyDictionary[Database, Documents] = WeakKeyDictionary()


def documents_of(db: Database) -> Documents:
    """The one that belongs to this database."""
    found = _of_database.get(db)
    if found is None:
        found = _of_database[db] = Documents()
    return found
