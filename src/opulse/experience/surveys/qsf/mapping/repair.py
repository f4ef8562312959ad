"""The last step of an import: conditions, skips and loops that a document may not have are taken out, and that is said.

The product allows a condition on a later question (it never holds) or on one that was deleted since; ours must look at
something that comes before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from opulse.experience.surveys.models import (
    Block,
    BlockStep,
    Branch,
    Choice,
    Comparison,
    Condition,
    ConditionGroup,
    ConstantCondition,
    DisplayLogic,
    DocumentReason,
    Group,
    Operator,
    Question,
    QuestionOperator,
    Randomizer,
    SkipRule,
    Step,
    SurveyDocument,
)
from opulse.experience.surveys.qsf.mapping.options import NEVER
from opulse.experience.surveys.rules.keys import choice_lists
from opulse.experience.surveys.rules.operands import Scope, find_operand_problems
from opulse.experience.surveys.rules.order import blocks_in_order

_HOLDS_UNASKED: frozenset[object] = frozenset(
    {
        *(
            Operator.NOT_SELECTED,
            Operator.NOT_DISPLAYED,
            QuestionOperator.NOT_SHOWN,
            QuestionOperator.NOT_ANSWERED,
        ),
        *(Comparison.NOT_EQUAL, Comparison.NOT_CONTAINS, Comparison.EMPTY),
    }
)
"""What is true of a question that was not asked yet."""

_LISTS = ("choices", "rows", "scale", "items", "fields")


class Repair:
    """One pass over a document; ``changed``: id of a question, block or step → what was taken out."""

    def __init__(self, document: SurveyDocument) -> None:
        self.changed: dict[str, list[str]] = {}
        self.notes: list[str] = []
        self._blocks: dict[str, Block] = {}
        self._document = document
        self._everywhere = {question.id for question in document.questions}
        self._met: dict[str, Question] = {}

    def publishable(self) -> SurveyDocument:
        """The document without what stops it from being published."""
        repaired = {block.id: self._block(block) for block in blocks_in_order(self._document)}
        blocks = tuple(repaired.get(block.id, block) for block in self._document.blocks)
        document = self._document.model_copy(update={"blocks": blocks})
        self._met = {}
        self._blocks = {block.id: block for block in blocks}
        return document.model_copy(update={"flow": self._steps(document.flow)})

    def _say(self, where: str, what: str) -> None:
        self.changed.setdefault(where, []).append(what)

    def _block(self, block: Block) -> Block:
        changed: dict[str, Any] = {}
        if block.order.show is not None and block.order.show > len(block.questions):
            changed["order"] = block.order.model_copy(update={"show": None})
        source = block.loop and block.loop.question
        if source is not None and not (source in self._met and choice_lists(self._met[source])):
            changed["loop"] = None
            self._say(block.id, "its loop goes over a question that is not asked before it; it is asked once")
        questions = []
        for question in block.questions:
            questions.append(self._question(question))
            self._met[question.id] = questions[-1]
        return block.model_copy(update={**changed, "questions": tuple(questions)})

    def _question(self, question: Question) -> Question:
        before = Scope(question.id, self._met, self._everywhere)
        after = Scope(question.id, _With(self._met, question), self._everywhere)
        changed: dict[str, Any] = {}
        if question.display is not None:
            changed["display"] = self._pruned(question.display, before, "its display logic")
        if question.check is not None:
            holds = self._pruned(question.check.must_hold, after, "its own check")
            changed["check"] = holds and question.check.model_copy(update={"must_hold": holds})
        if question.skips:
            kept = (self._skip(skip, after) for skip in question.skips)
            changed["skips"] = tuple(skip for skip in kept if skip is not None)
        for name in _LISTS:
            choices: tuple[Choice, ...] = getattr(question, name, ())
            if any(choice.display is not None for choice in choices):
                changed[name] = tuple(self._choice(choice, before) for choice in choices)
        return question.model_copy(update=changed) if changed else question

    def _choice(self, choice: Choice, scope: Scope) -> Choice:
        if choice.display is None:
            return choice
        kept = self._pruned(choice.display, scope, f"the condition of a choice ({choice.id})")
        return choice.model_copy(update={"display": kept})

    def _skip(self, skip: SkipRule, scope: Scope) -> SkipRule | None:
        inside = skip.to in ("end_of_block", "end_of_survey")
        if not inside and (skip.to not in self._everywhere or skip.to in scope.earlier):
            self._say(scope.where, f"it does not skip to {skip.to}, which is not asked after it")
            return None
        when = self._pruned(skip.when, scope, "its skip logic")
        return None if when is None else skip.model_copy(update={"when": when})

    def _pruned(self, logic: DisplayLogic, scope: Scope, what: str) -> DisplayLogic | None:
        kept = tuple(self._kept(logic.conditions, scope, what))
        return logic.model_copy(update={"conditions": kept}) if kept else None

    def _kept(self, conditions: Iterable[Condition], scope: Scope, what: str) -> list[Condition]:
        kept: list[Condition] = []
        for condition in conditions:
            if not isinstance(condition, ConditionGroup):
                kept.extend(self._judged(condition, scope, what))
            elif inner := self._kept(condition.conditions, scope, what):
                kept.append(condition.model_copy(update={"conditions": tuple(inner)}))
        return kept

    def _judged(self, condition: Condition, scope: Scope, what: str) -> Iterator[Condition]:
        """The condition where it can be judged. One on a question that comes later has the same outcome for everybody."""
        problems = find_operand_problems(DisplayLogic(conditions=(condition,)), scope)
        problem = next(iter(problems), None)
        if problem is None:
            yield condition
        elif problem.reason is DocumentReason.LATER_QUESTION:
            value = getattr(condition, "operator", None) in _HOLDS_UNASKED
            outcome = "always" if value else "never"
            self.notes.append(
                f"{scope.where}: {what} looks at {problem.detail}, which comes later: as in the product, it {outcome} holds."
            )
            yield ConstantCondition(value=value)
        else:
            looked = problem.detail or "something"
            self._say(scope.where, f"{what} looks at {looked}, which cannot be judged at that place")

    def _steps(self, steps: Iterable[Step]) -> tuple[Step, ...]:
        done: list[Step] = []
        for step in steps:
            match step:
                case BlockStep():
                    block = self._blocks.get(step.block)
                    if block is None:
                        continue
                    self._met.update({question.id: question for question in block.questions})
                    done.append(step)
                case Branch():
                    scope = Scope(step.id, self._met, self._everywhere)
                    when = self._pruned(step.when, scope, "its condition") or NEVER
                    done.append(step.model_copy(update={"when": when, "flow": self._steps(step.flow)}))
                case Group():
                    done.append(step.model_copy(update={"flow": self._steps(step.flow)}))
                case Randomizer():
                    inner = self._steps(step.flow)
                    show = step.show if step.show is not None and step.show <= len(inner) else None
                    done.append(step.model_copy(update={"show": show, "flow": inner}))
                case _:
                    done.append(step)
        return tuple(done)


class _With(Mapping[str, Question]):
    """The questions met so far and one more, without copying them."""

    def __init__(self, met: Mapping[str, Question], one: Question) -> None:
        self._met, self._one = met, one

    def __getitem__(self, name: str) -> Question:
        return self._one if name == self._one.id else self._met[name]

    def __iter__(self) -> Any:
        yield from self._met
        yield self._one.id

    def __len__(self) -> int:
        return len(self._met) + 1
