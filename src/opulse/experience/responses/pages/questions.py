"""Puts the page with the questions together."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from urllib.parse import urlencode

from opulse.experience.responses.pages.contexts import (
    BlockView,
    LanguageLink,
    ProblemLink,
    QuestionPage,
)
from opulse.experience.responses.pages.question_views import QuestionView, dom_id
from opulse.experience.responses.wording import Wording, name_of_language, wording_in
from opulse.experience.surveys.models import (
    ChoiceCondition,
    DrillDown,
    FieldProblem,
    FieldReason,
    LocalisedSurvey,
    Matrix,
    MultipleChoice,
    NetPromoter,
    Operator,
    Question,
    SideBySide,
    SingleChoice,
    Stars,
    TextEntry,
)
from opulse.experience.surveys.rules import (
    Form,
    is_answerable,
    name_of_part,
    shown_questions,
    validate_answers,
)


def build_question_page(
    survey: LocalisedSurvey,
    form: Form,
    problems: Sequence[FieldProblem],
    *,
    action: str,
    stamp: str,
    languages: tuple[LanguageLink, ...],
    notes: tuple[str, ...] = (),
    until: str = "",
    changing: bool = False,
    preview: bool = False,
) -> QuestionPage:
    """The page for what ``form`` holds so far; ``problems`` are those of that form (none on the first look)."""
    words = wording_in(survey.language)
    sentences = {problem.key: words.problem_text(problem) for problem in problems}
    answers, _ = validate_answers(survey, form)
    shown = {question.id for question in shown_questions(survey, answers)}
    questions = {question.id: question for question in survey.questions}
    return QuestionPage(
        survey=survey,
        words=words,
        languages=languages,
        blocks=_blocks(survey, form, sentences, shown),
        problems=problem_links(questions, problems, sentences),
        requested=requested_of(form, problems),
        notes=notes,
        length=describe_length(survey, words),
        until=until,
        button=words.send_change if changing else words.send,
        action=action,
        stamp=stamp,
        preview=preview,
        banner=words.preview if preview else "",
    )


def problem_links(
    questions: Mapping[str, Question], problems: Sequence[FieldProblem], sentences: Mapping[str, str]
) -> tuple[ProblemLink, ...]:
    """The summary above the form: each problem leads to its field."""
    return tuple(
        ProblemLink(
            _input_id(questions[one.question_id], one.key), _asked(questions, one), sentences[one.key]
        )
        for one in problems
    )


def requested_of(form: Form, problems: Sequence[FieldProblem]) -> tuple[str, ...]:
    """The questions that may be left out the next time, because they were asked for once."""
    now = [one.question_id for one in problems if one.reason is FieldReason.REQUESTED]
    return tuple(dict.fromkeys([*form.get("requested", ()), *now]))


def describe_length(survey: LocalisedSurvey, words: Wording) -> str:
    """``3 questions and one optional comment``: naming the number helps short surveys, naming minutes does not
    (https://survey160.com/methodological-research-blog/survey-length-specificity, https://surveyinsights.org/?p=14216)."""
    answerable = [question for question in survey.questions if is_answerable(question)]
    closed = [one for one in answerable if one.required or not isinstance(one, TextEntry)]
    counted = words.count(words.number_of_questions, len(closed))
    return f"{counted} {words.optional_comment}." if len(answerable) - len(closed) == 1 else f"{counted}."


def languages_of(survey: LocalisedSurvey, path: str, query: Mapping[str, str]) -> tuple[LanguageLink, ...]:
    """The switch: the same page in each language, with what the link preselected kept."""
    return tuple(
        LanguageLink(
            code=code,
            name=name_of_language(code),
            href=f"{path}?{urlencode({'lang': code, **query})}",
            current=code == survey.language,
        )
        for code in survey.languages
    )


def _blocks(
    survey: LocalisedSurvey, form: Form, sentences: Mapping[str, str], shown: Collection[str]
) -> tuple[BlockView, ...]:
    blocks = []
    for block in survey.blocks:
        views = tuple(
            QuestionView(question, form, problems_of(question, sentences), show_if(question))
            for question in block.questions
            if question.id in shown or show_if(question)
        )
        if views:
            blocks.append(BlockView(block.title, views))
    return tuple(blocks)


def show_if(question: Question) -> str:
    """The condition in the script's words (``QID1=2|3``) when it is simple enough for it, else empty.

    Such a question is on the page from the start: the script hides it while it does not apply, without a script a hint
    says so. Any other question comes up after posting.
    """
    logic = question.display
    if logic is None:
        return ""
    simple = [one for one in logic.conditions if isinstance(one, ChoiceCondition) and _is_simple(one)]
    asked = {one.question for one in simple}
    every_one = len(simple) == len(logic.conditions)
    if not every_one or len(asked) > 1 or (logic.match == "all" and len(logic.conditions) > 1):
        return ""
    return f"{asked.pop()}={'|'.join(one.choice for one in simple)}"


def _is_simple(condition: ChoiceCondition) -> bool:
    return condition.operator is Operator.SELECTED and condition.row is None


def problems_of(question: Question, sentences: Mapping[str, str]) -> dict[str, str]:
    """The sentences of one question's fields."""
    own = (f"{question.id}_", f"{question.id}#")
    return {key: text for key, text in sentences.items() if key == question.id or key.startswith(own)}


def _asked(questions: Mapping[str, Question], problem: FieldProblem) -> str:
    """What the summary calls the field: the question, or the part of it."""
    question = questions[problem.question_id]
    return name_of_part(question, problem.key) or question.text


def _input_id(question: Question, key: str) -> str:
    """The id of the field's first input, where the summary's link puts the focus."""
    match question:
        case SingleChoice() | MultipleChoice() if key == question.id:
            return f"{key}-{question.choices[0].id}"
        case Matrix() if question.answers != "list":
            return f"{key}-{question.scale[0].id}"
        case SideBySide():
            column = next(one for one in question.columns if key.startswith(f"{question.id}#{one.id}_"))
            first = f"-{column.scale[0].id}" if column.answers in ("one", "several") else ""
            return dom_id(key) + first
        case NetPromoter():
            return f"{key}-0"
        case Stars():
            return f"{key}-1"
        case DrillDown():
            return question.id
        case _:
            return key
