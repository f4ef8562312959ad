"""Files of systems and people: from bytes to records, from records by a mapping to entries. Pure."""

from opulse.monitoring.systems.rules.imports.entries import Taken, merge_devices, read_device, read_person
from opulse.monitoring.systems.rules.imports.json_pages import PageReader
from opulse.monitoring.systems.rules.imports.ldif import ends_entry
from opulse.monitoring.systems.rules.imports.mapping import TARGETS, make_mapping, suggest_mapping
from opulse.monitoring.systems.rules.imports.records import Record, Unread, read_heading, read_records

__all__ = [
    "TARGETS",
    "PageReader",
    "Record",
    "Taken",
    "Unread",
    "ends_entry",
    "make_mapping",
    "merge_devices",
    "read_device",
    "read_heading",
    "read_person",
    "read_records",
    "suggest_mapping",
]
