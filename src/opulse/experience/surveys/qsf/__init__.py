"""QSF, the survey file of Qualtrics: read whatever such a file holds, say of each question what became of it, write one.

``read_qsf`` reads any such file in part or whole; nothing here touches a database or the network.
"""

from opulse.experience.surveys.qsf.models import ImportReport, Item, Outcome, QsfUnreadable
from opulse.experience.surveys.qsf.reader import read_qsf

__all__ = ["ImportReport", "Item", "Outcome", "QsfUnreadable", "read_qsf"]
