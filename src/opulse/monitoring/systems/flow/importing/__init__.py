"""Import of files of systems and people: received in steps, then taken step by step by a job that goes on after a crash."""

from opulse.monitoring.systems.flow.importing.receiving import Wanted, receive_file
from opulse.monitoring.systems.flow.importing.taking import take_file

__all__ = ["Wanted", "receive_file", "take_file"]
