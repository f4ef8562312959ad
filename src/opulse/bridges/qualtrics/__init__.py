"""The client of a real Qualtrics: signing in; finding, changing and importing contacts of an XM Directory; sending them a
survey, and reading what they answered.

In: an account, people, fields. Out: what Qualtrics answered, or a typed reason for none. Nothing of it was ever run against
the real product; it follows public descriptions, and what they leave open is said where it matters.
"""

from opulse.bridges.qualtrics.answers import AnswerCalls
from opulse.bridges.qualtrics.client import QualtricsClient
from opulse.bridges.qualtrics.models import (
    ExportedAnswer,
    FinishedAnswer,
    FoundContact,
    FoundDistribution,
    FoundQuestion,
    FoundSurvey,
    ImportProgress,
    NewContact,
    QualtricsAccount,
    QualtricsBusy,
    QualtricsError,
    QualtricsRefused,
    SurveyMail,
)
from opulse.bridges.qualtrics.rules import base_url, best_match
from opulse.bridges.qualtrics.surveys import SurveyCalls
from opulse.bridges.qualtrics.tokens import QualtricsTokens

__all__ = [
    "AnswerCalls",
    "ExportedAnswer",
    "FinishedAnswer",
    "FoundContact",
    "FoundDistribution",
    "FoundQuestion",
    "FoundSurvey",
    "ImportProgress",
    "NewContact",
    "QualtricsAccount",
    "QualtricsBusy",
    "QualtricsClient",
    "QualtricsError",
    "QualtricsRefused",
    "QualtricsTokens",
    "SurveyCalls",
    "SurveyMail",
    "base_url",
    "best_match",
]
