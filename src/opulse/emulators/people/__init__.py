"""Simulated people: they get a mail, open its link when they find the time, and answer as a browser without script does."""

from opulse.emulators.people.answering import AnswerFailed, Respondents, Visit
from opulse.emulators.people.temper import Temper, temper_of

__all__ = ["AnswerFailed", "Respondents", "Temper", "Visit", "temper_of"]
