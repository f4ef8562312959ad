"""Pure decisions: why a person may not be asked, and until when."""

from opulse.experience.footprint.rules.cursors import read_cursor, write_cursor
from opulse.experience.footprint.rules.explaining import explain

__all__ = ["explain", "read_cursor", "write_cursor"]
