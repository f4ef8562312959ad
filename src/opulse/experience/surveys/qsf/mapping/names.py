"""Ids of a file as ids of our documents: most stay as they are, those of another shape get the nearest that fits."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256

from opulse.experience.surveys.qsf.models import Option, QsfSurvey

_QUESTION = re.compile(r"QID[a-zA-Z0-9]{1,37}")
_BLOCK = re.compile(r"BL_[a-zA-Z0-9]{11,15}")
_FLOW = re.compile(r"FL_[a-zA-Z0-9]{1,20}")
_CHOICE = re.compile(r"[1-9][0-9]{0,8}")


@dataclass(frozen=True, slots=True)
class Names:
    """File's id → our id. ``choices`` and ``answers`` are per question of the file."""

    questions: Mapping[str, str]
    blocks: Mapping[str, str]
    choices: Mapping[str, Mapping[str, str]]
    answers: Mapping[str, Mapping[str, str]]


def name_all(survey: QsfSurvey) -> Names:
    """Names for everything in the file; two things never get the same one."""
    asked = survey.questions.values()
    return Names(
        _fitting(survey.questions, _QUESTION, _question_like),
        _fitting([block.id for block in survey.blocks], _BLOCK, block_like),
        {one.id: number_options(one.choices) for one in asked},
        {one.id: number_options(one.answers) for one in asked},
    )


def number_options(options: Iterable[Option]) -> dict[str, str]:
    """Choice ids are whole numbers from 1; others (``0``, ``x3``) get the next numbers that are free."""
    names = [option.id for option in options]
    found = {name: name for name in names if _CHOICE.fullmatch(name)}
    free = max((int(name) for name in found), default=0) + 1
    for name in names:
        if name not in found:
            found[name] = str(free)
            free += 1
    return found


def flow_id(name: str, taken: set[str]) -> str:
    """The flow id as it is when it fits and is free; else the next free number. Adds it to ``taken``."""
    number = 1
    while not _FLOW.fullmatch(name) or name in taken:
        name = f"FL_{number}"
        number += 1
    taken.add(name)
    return name


def block_like(name: str) -> str:
    """A block id made of any text, always the same for the same text."""
    return f"BL_{sha256(name.encode('utf-8', 'replace')).hexdigest()[:15]}"


def _question_like(name: str) -> str:
    letters = re.sub(r"[^a-zA-Z0-9]", "", name)[:24]
    return f"QID{letters or sha256(name.encode('utf-8', 'replace')).hexdigest()[:8]}"


def _fitting(names: Iterable[str], shape: re.Pattern[str], like: Callable[[str], str]) -> dict[str, str]:
    every = list(dict.fromkeys(names))
    found = {name: name for name in every if shape.fullmatch(name)}
    taken = set(found.values())
    for name in every:
        if name not in found:
            wanted, number = like(name), 1
            while wanted in taken:
                wanted, number = like(f"{name}v{number}"), number + 1
            found[name] = wanted
            taken.add(wanted)
    return found
