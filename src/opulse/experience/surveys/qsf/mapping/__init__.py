"""From a file that was read to a survey document: one module per kind of thing, and an account of what is different."""

from opulse.experience.surveys.qsf.mapping.document import Imported, to_document

__all__ = ["Imported", "to_document"]
