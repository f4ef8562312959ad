"""Texts on their way into a document: HTML to words, piped text with our ids, and what was lost on the way."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from opulse.experience.surveys.qsf.html import plain
from opulse.experience.surveys.qsf.mapping.names import Names
from opulse.experience.surveys.qsf.models import QsfSurvey
from opulse.experience.surveys.rules import normal_language

LONGEST = 20_000
NOTE_CLASS = "opulse-note"
"""Class of the element in which our own export keeps a question's instruction."""

_NOTE = re.compile(rf'<div class="{NOTE_CLASS}">(.*?)</div>\s*$', re.DOTALL)
_PIPE = re.compile(r"\$\{([a-z]{1,5})://([^{}\r\n]{1,400})\}|\$e\{[^{}\r\n]{1,400}\}")
_FILLED = frozenset({"m", "e", "q", "lm"})
_DRAWN = re.compile(r"int/-?\d{1,9}:-?\d{1,9}")

# Codes of the product that are not the language tags that browsers and screen readers know.
_LANGUAGES = {
    "ASM": "as", "BEL": "be", "EN-UK": "en-gb", "HYE": "hy", "ISL": "is", "KAN": "kn", "KAT": "ka", "KAZ": "kk",
    "MAL": "ml", "MAR": "mr", "ORI": "or", "SIN": "si", "SQI": "sq", "TEL": "te", "TGL": "tl", "ZH-S": "zh-hans",
    "ZH-T": "zh-hant",
}  # fmt: skip
_CODES = {ours: theirs for theirs, ours in _LANGUAGES.items()}
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{1,8})*")


@dataclass(slots=True)
class Account:
    """What is different about one question, each thing once, in the order in which it was found."""

    differences: list[str] = field(default_factory=list)

    def differs(self, sentence: str) -> None:
        """Note a difference: a short sentence without a full stop."""
        if sentence not in self.differences:
            self.differences.append(sentence)


@dataclass(frozen=True, slots=True)
class Desk:
    """What the mapping of one question needs: the file, its names, and the account to keep."""

    survey: QsfSurvey
    names: Names
    account: Account

    def words(self, html: str, fallback: str = "") -> str:
        """The words of ``html``; ``fallback`` when there are none."""
        read = plain(html)
        for lost in read.lost:
            self.account.differs(f"{lost} in its texts is not shown")
        return self.piped(read.text)[:LONGEST].strip() or fallback[:LONGEST].strip()

    def text_and_note(self, html: str) -> tuple[str, str]:
        """The question's text and the instruction below it, which only files of ours keep apart."""
        note = _NOTE.search(html) if NOTE_CLASS in html else None
        if note is None:
            return self.words(html), ""
        return self.words(html[: note.start()]), self.words(note[1])

    def piped(self, text: str) -> str:
        """``text`` as it is, its piped text with our ids."""
        return _PIPE.sub(self._pipe, text) if "${" in text or "$e{" in text else text

    def _pipe(self, match: re.Match[str]) -> str:
        source, path = match[1], match[2]
        if source not in _FILLED and not (source == "rand" and _DRAWN.fullmatch(path)):
            self.account.differs(f"the piped text {match[0]} stays empty")
        if source == "q":
            name, slash, rest = path.partition("/")
            return f"${{q://{self.names.questions.get(name, name)}{slash}{rest}}}"
        return match[0]


def language_of(code: str) -> str:
    """The product's language code as ours: ``DE`` is ``de``, ``ZH-S`` is ``zh-hans``; empty for what is no code."""
    normal = _LANGUAGES.get(code.upper().replace("_", "-")) if code.isupper() else None
    normal = normal or normal_language(code)
    return normal if _LANGUAGE.fullmatch(normal) and len(normal) <= 20 else ""


def code_of(language: str) -> str:
    """Our language code as the product's; one that :func:`language_of` would take for another stays as it is."""
    code = _CODES.get(language, language.upper())
    return code if language_of(code) == language else language
