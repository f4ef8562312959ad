"""A file of systems or people on its way in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

IMPORT_RECEIVED = "systems.import_received"
"""Job {import}: a file of systems or people is here, whole; its records wait to be taken."""


class ImportKind(StrEnum):
    """What the records of a file are."""

    DEVICES = "devices"  # systems, each with a user where the mapping says so
    PEOPLE = "people"  # people of the organisation's directory


class FileFormat(StrEnum):
    """How a file is written."""

    CSV = "csv"  # a table in UTF-8 whose first line names the columns (RFC 4180; also ; and tabs)
    NDJSON = "ndjson"  # one JSON object per line
    JSON = "json"  # an array of objects, or pages {"value": [...]} as Microsoft Graph gives them, one after the other
    LDIF = "ldif"  # RFC 2849


class SystemImportState(StrEnum):
    """Where a file of systems or people is."""

    RECEIVING = "receiving"  # its bytes arrive
    MAPPING = "mapping"  # it is here, whole; somebody is asked where its fields go
    RUNNING = "running"  # it is here, whole; its records are taken step by step
    DONE = "done"  # every record was taken or refused
    BROKEN = "broken"  # it ended early; nothing of it was taken


class FileUnreadable(ValueError):
    """The file, or its mapping, is none that can be taken; the message says what to mend."""


@dataclass(frozen=True, slots=True)
class FieldMapping:
    """Which field of a record goes where: target → source. A source that is named twice fills both."""

    kind: ImportKind
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class SystemImport:
    """``steps`` are parts of the file; ``rows`` counts records that are taken or refused; ``heading`` is a table's first line."""

    id: str
    kind: ImportKind
    format: FileFormat
    fields: Mapping[str, str]
    actor: str
    state: SystemImportState
    heading: str
    steps: int
    steps_done: int
    rows: int
    created: int
    updated: int
    unchanged: int
    refused: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class RecordRefused:
    """A record that was not taken: its line (of a JSON file: its number), whom it names, and what would mend it."""

    line: int
    who: str
    reason: str
