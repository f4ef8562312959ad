"""From a survey document to a QSF file: in the product's own keys, and what those cannot say in one key of ours."""

from opulse.experience.surveys.qsf.writing.survey import write_qsf

__all__ = ["write_qsf"]
