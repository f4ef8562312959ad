"""Whether the flow of a document can be gone through: blocks, branches, loops and ends."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from urllib.parse import urlsplit

from opulse.experience.surveys.models import (
    Block,
    BlockStep,
    Branch,
    DocumentProblem,
    DocumentReason,
    EndOfSurvey,
    Group,
    Question,
    Randomizer,
    SetFields,
    SurveyDocument,
)
from opulse.experience.surveys.rules.keys import choice_lists
from opulse.experience.surveys.rules.operands import Scope, find_operand_problems
from opulse.experience.surveys.rules.order import blocks_in_order, steps_of


def find_flow_problems(document: SurveyDocument) -> Iterator[DocumentProblem]:
    """The problems of flow and loops."""
    known = {block.id: block for block in document.blocks}
    steps = list(steps_of(document.flow))
    ids = Counter(step.id for step in steps if not isinstance(step, BlockStep))
    for step_id in (one for one, times in ids.items() if times > 1):
        yield DocumentProblem(step_id, DocumentReason.DUPLICATE_STEP)
    met: dict[str, Question] = {}
    everywhere = {question.id for question in document.questions}
    for step in steps:
        match step:
            case BlockStep():
                if step.block not in known:
                    yield DocumentProblem("flow", DocumentReason.UNKNOWN_BLOCK, step.block)
                else:
                    met.update({question.id: question for question in known[step.block].questions})
            case Branch():
                yield from find_operand_problems(step.when, Scope(step.id, dict(met), everywhere))
            case Randomizer() if (step.show or 0) > len(step.flow):
                yield DocumentProblem(step.id, DocumentReason.MORE_THAN_THERE_IS, str(step.show))
            case EndOfSurvey() if step.redirect and not is_safe_address(step.redirect):
                yield DocumentProblem(step.id, DocumentReason.UNSAFE_REDIRECT, step.redirect)
            case Group() | SetFields() | _:
                pass
    yield from _loops(document)


def is_safe_address(address: str) -> bool:
    """Whether people may be led there at the end: https, a host that is written out, and nobody's name or password."""
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return False
    plain = not any(letter.isspace() or ord(letter) < 32 or letter in '\\"<>' for letter in address)
    named = bool(parts.hostname) and "${" not in parts.netloc and "@" not in parts.netloc
    return plain and parts.scheme == "https" and named and port != 0


def _loops(document: SurveyDocument) -> Iterator[DocumentProblem]:
    earlier: dict[str, Question] = {}
    for block in blocks_in_order(document):
        if block.loop is not None:
            yield from _loop(block, earlier)
        earlier.update({question.id: question for question in block.questions})


def _loop(block: Block, earlier: dict[str, Question]) -> Iterator[DocumentProblem]:
    loop = block.loop
    if loop is None:
        return
    if loop.question is None:
        if not loop.rows:
            yield DocumentProblem(block.id, DocumentReason.NOTHING_TO_LOOP_OVER)
    elif loop.question not in earlier:
        yield DocumentProblem(block.id, DocumentReason.UNKNOWN_QUESTION, loop.question)
    elif not choice_lists(earlier[loop.question]):
        yield DocumentProblem(block.id, DocumentReason.NOTHING_TO_LOOP_OVER, loop.question)
