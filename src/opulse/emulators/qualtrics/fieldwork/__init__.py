"""Asking and answering at the stand-in: surveys, distributions, people who answer, responses, exports.

In: distributions and time. Out: responses, and a word to whoever asked to be told of each.
"""

from opulse.emulators.qualtrics.fieldwork.field import Field
from opulse.emulators.qualtrics.fieldwork.models import (
    Answering,
    Asked,
    Distribution,
    Question,
    Response,
    Survey,
)

__all__ = ["Answering", "Asked", "Distribution", "Field", "Question", "Response", "Survey"]
