"""The recommended pulse: three closed questions and one optional comment, in English, German and Arabic.

Wording: impact after the WPAI pattern (degree affected *while* working, https://pubmed.ncbi.nlm.nih.gov/14974873/) with
neutral ends and *had not noticed* kept apart; lost time in bands, because self-reported minutes are only weakly exact;
then whether there is a way to keep working. Only the first question must be answered: half an answer in the middle of an
incident is worth more than none.
"""

from __future__ import annotations

from enum import StrEnum
from functools import lru_cache

from opulse.experience.surveys.models import AnswerChoice, Block, SingleChoice, SurveyDocument, TextEntry

IMPACT_QUESTION = "QID1"
LOST_TIME_QUESTION = "QID2"
KEEP_WORKING_QUESTION = "QID3"
COMMENT_QUESTION = "QID4"


class Impact(StrEnum):
    """Choice ids of the impact question."""

    NOT_AFFECTED = "1"
    SLOWED_DOWN = "2"
    CANNOT_DO_PART = "3"
    CANNOT_WORK = "4"
    HAD_NOT_NOTICED = "5"


LOST_MINUTES: dict[str, tuple[int, int | None]] = {
    "1": (0, 0),
    "2": (0, 5),
    "3": (5, 15),
    "4": (15, 30),
    "5": (30, 60),
    "6": (60, 120),
    "7": (120, None),
}
"""Choice ids of the lost-time question to (at least, at most) minutes; the open end is capped at the time since trigger."""


@lru_cache(maxsize=1)
def recommended_pulse() -> SurveyDocument:
    """The document, base language English. It is frozen; ``model_copy`` it to make another."""
    return SurveyDocument(
        title="IT has noticed a problem. How is it for you?",
        intro=(
            "The signals come from a computer that you use. Your answer helps IT to see how many people "
            "are held up, and how badly."
        ),
        language="en",
        blocks=(
            Block(id="BL_opulsepulse1", questions=(_impact(), _lost_time(), _keep_working(), _comment())),
        ),
        end_text="Thank you. Your answer is now part of what IT sees about this problem.",
        translations={"de": dict(_GERMAN), "ar": dict(_ARABIC)},
    )


def _impact() -> SingleChoice:
    texts = (
        "Not affected",
        "Slowed down",
        "Cannot do part of my work",
        "Cannot work at all",
        "I had not noticed",
    )
    text = "Right now, how does this problem affect your work?"
    return SingleChoice(id=IMPACT_QUESTION, text=text, required=True, choices=_choices(*texts))


def _lost_time() -> SingleChoice:
    texts = (
        "None",
        "Under 5 minutes",
        "5 to 15 minutes",
        "15 to 30 minutes",
        "30 to 60 minutes",
        "1 to 2 hours",
        "More than 2 hours",
    )
    text = "About how much working time have you lost so far?"
    return SingleChoice(id=LOST_TIME_QUESTION, text=text, choices=_choices(*texts))


def _keep_working() -> SingleChoice:
    choices = _choices("Yes", "Partly", "No")
    return SingleChoice(id=KEEP_WORKING_QUESTION, text="Do you have a way to keep working?", choices=choices)


def _comment() -> TextEntry:
    return TextEntry(
        id=COMMENT_QUESTION,
        text="What else should IT know?",
        note="Please do not name people.",
        lines="several",
    )


def _choices(*texts: str) -> tuple[AnswerChoice, ...]:
    return tuple(AnswerChoice(id=str(number), text=text) for number, text in enumerate(texts, start=1))


_GERMAN = {
    "title": "Die IT hat eine Störung bemerkt. Wie ist es bei Ihnen?",
    "intro": (
        "Die Signale kommen von einem Computer, den Sie benutzen. Mit Ihrer Antwort erkennt die IT, wie viele "
        "Menschen behindert sind und wie stark."
    ),
    "QID1.text": "Wie wirkt sich diese Störung im Moment auf Ihre Arbeit aus?",
    "QID1.choice.1": "Gar nicht",
    "QID1.choice.2": "Ich komme langsamer voran",
    "QID1.choice.3": "Einen Teil meiner Arbeit kann ich nicht erledigen",
    "QID1.choice.4": "Ich kann überhaupt nicht arbeiten",
    "QID1.choice.5": "Ich hatte nichts davon bemerkt",
    "QID2.text": "Wie viel Arbeitszeit haben Sie bisher ungefähr verloren?",
    "QID2.choice.1": "Keine",
    "QID2.choice.2": "Weniger als 5 Minuten",
    "QID2.choice.3": "5 bis 15 Minuten",
    "QID2.choice.4": "15 bis 30 Minuten",
    "QID2.choice.5": "30 bis 60 Minuten",
    "QID2.choice.6": "1 bis 2 Stunden",
    "QID2.choice.7": "Mehr als 2 Stunden",
    "QID3.text": "Haben Sie eine Möglichkeit, weiterzuarbeiten?",
    "QID3.choice.1": "Ja",
    "QID3.choice.2": "Teilweise",
    "QID3.choice.3": "Nein",
    "QID4.text": "Was sollte die IT noch wissen?",
    "QID4.note": "Bitte nennen Sie keine Personen.",
    "end_text": "Vielen Dank. Ihre Antwort gehört jetzt zu dem Bild, das die IT von dieser Störung hat.",
}

_ARABIC = {
    "title": "رصد قسم تقنية المعلومات مشكلة. كيف هو الوضع لديك؟",
    "intro": (
        "وردت الإشارات من حاسوب تستخدمه. تساعد إجابتك قسم تقنية المعلومات على معرفة عدد الأشخاص الذين "
        "يتعطل عملهم ومدى تأثرهم."
    ),
    "QID1.text": "كيف تؤثر هذه المشكلة على عملك في هذه اللحظة؟",
    "QID1.choice.1": "لا تؤثر على عملي",
    "QID1.choice.2": "أعمل ببطء",
    "QID1.choice.3": "لا أستطيع إنجاز جزء من عملي",
    "QID1.choice.4": "لا أستطيع العمل إطلاقًا",
    "QID1.choice.5": "لم ألاحظ المشكلة",
    "QID2.text": "كم من وقت العمل خسرت حتى الآن تقريبًا؟",
    "QID2.choice.1": "لا شيء",
    "QID2.choice.2": "أقل من 5 دقائق",
    "QID2.choice.3": "من 5 إلى 15 دقيقة",
    "QID2.choice.4": "من 15 إلى 30 دقيقة",
    "QID2.choice.5": "من 30 إلى 60 دقيقة",
    "QID2.choice.6": "من ساعة إلى ساعتين",
    "QID2.choice.7": "أكثر من ساعتين",
    "QID3.text": "هل لديك وسيلة لمواصلة العمل؟",
    "QID3.choice.1": "نعم",
    "QID3.choice.2": "جزئيًا",
    "QID3.choice.3": "لا",
    "QID4.text": "ما الذي ينبغي أن يعرفه قسم تقنية المعلومات أيضًا؟",
    "QID4.note": "يُرجى عدم ذكر أسماء أشخاص.",
    "end_text": "شكرًا لك. أصبحت إجابتك جزءًا مما يراه قسم تقنية المعلومات عن هذه المشكلة.",
}
