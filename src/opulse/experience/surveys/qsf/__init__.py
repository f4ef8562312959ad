"""QSF, the survey file of Qualtrics: read whatever such a file holds, say of each question what became of it, write one.

In comes a file (page, API or command) and goes out as a draft with a report; a survey goes out as a file that reads back
unchanged. ``read_qsf`` → ``to_document`` and ``write_qsf`` are pure.
"""

from opulse.experience.surveys.qsf.mapping import Imported, to_document
from opulse.experience.surveys.qsf.models import ImportReport, Item, Outcome, QsfUnreadable
from opulse.experience.surveys.qsf.reader import read_qsf
from opulse.experience.surveys.qsf.writing import write_qsf

__all__ = [
    "ImportReport",
    "Imported",
    "Item",
    "Outcome",
    "QsfUnreadable",
    "read_qsf",
    "to_document",
    "write_qsf",
]
