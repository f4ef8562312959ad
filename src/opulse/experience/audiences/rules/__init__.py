"""Pure: reading the rules of segments, drawing samples."""

from opulse.experience.audiences.rules.drawing import Draw, read_size
from opulse.experience.audiences.rules.parsing import MEANINGS, read_rule

__all__ = ["MEANINGS", "Draw", "read_rule", "read_size"]
