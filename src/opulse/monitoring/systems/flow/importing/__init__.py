"""Import of files of systems and people: received in steps, then taken step by step by a job that goes on after a crash."""

from opulse.monitoring.systems.flow.importing.mapping import Column, HeldFile, begin_held, read_held
from opulse.monitoring.systems.flow.importing.receiving import Wanted, hold_file, receive_file
from opulse.monitoring.systems.flow.importing.taking import take_file

__all__ = [
    "Column",
    "HeldFile",
    "Wanted",
    "begin_held",
    "hold_file",
    "read_held",
    "receive_file",
    "take_file",
]
