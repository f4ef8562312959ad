"""The page of a survey that each person walks, put together: the same template as a survey of one page."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from opulse.experience.responses.pages.contexts import BlockView, LanguageLink, QuestionPage, Step
from opulse.experience.responses.pages.question_views import QuestionView
from opulse.experience.responses.pages.questions import problem_links, problems_of, requested_of, show_if
from opulse.experience.responses.wording import Wording, wording_in
from opulse.experience.surveys.models import FieldProblem, LocalisedSurvey, Question
from opulse.experience.surveys.rules import Form
from opulse.experience.surveys.rules.piping import fill_text
from opulse.experience.surveys.rules.turning import read_page
from opulse.experience.surveys.rules.walking import PageOfSurvey, Walk


def build_walked_page(
    survey: LocalisedSurvey,
    walked: Walk,
    page: PageOfSurvey,
    form: Form,
    problems: Sequence[FieldProblem],
    *,
    action: str,
    stamp: str,
    session: str,
    languages: tuple[LanguageLink, ...],
    notes: tuple[str, ...] = (),
    until: str = "",
    changing: bool = False,
    banner: str = "",
) -> QuestionPage:
    """The page on which the walk stands, for what ``form`` holds so far. ``session`` is a key that the form carries itself."""
    words = wording_in(survey.language)
    sentences = {problem.key: words.problem_text(problem) for problem in problems}
    shown = {question.id for question in read_page(walked, form).shown}
    on_page = {question.id: question for question in page.questions}
    views = tuple(
        QuestionView(question, form, problems_of(question, sentences), script)
        for question in page.questions
        if (script := show_if_here(question, page, on_page)) or question.id in shown
    )
    last = words.send_change if changing else words.send
    following = survey.options.next_text or words.next
    return QuestionPage(
        survey=_spoken(survey, page),
        words=words,
        languages=languages,
        blocks=(BlockView(page.title, views),),
        problems=problem_links(on_page, problems, sentences),
        notes=notes,
        length="",
        until=until,
        button=following if walked.to_come else last,
        action=action,
        stamp=stamp,
        preview=bool(banner),
        banner=banner,
        requested=requested_of(form, problems),
        step=_step(survey, walked, page, session, words),
    )


def show_if_here(question: Question, page: PageOfSurvey, on_page: Collection[str]) -> str:
    """The script's condition, when what it looks at is on the same page; else the server has decided already."""
    script = show_if(question)
    asked, _, values = script.partition("=")
    name = f"{page.known.round}{asked}" if f"{page.known.round}{asked}" in on_page else asked
    return f"{name}={values}" if script and name in on_page else ""


def _step(survey: LocalisedSurvey, walked: Walk, page: PageOfSurvey, session: str, words: Wording) -> Step:
    number = len(walked.before) + 1
    pages = number + walked.to_come
    may_go_back = survey.options.back and number > 1
    return Step(
        key=page.key,
        session=session,
        number=number,
        of=pages,
        back=(survey.options.back_text or words.back) if may_go_back else "",
        progress=survey.options.progress,
        words=words.page_of.format(page=number, pages=pages),
    )


def _spoken(survey: LocalisedSurvey, page: PageOfSurvey) -> LocalisedSurvey:
    """Title and introduction with their pipes filled in."""
    if "${" not in survey.title + survey.intro:
        return survey
    filled = {name: fill_text(getattr(survey, name), page.known) for name in ("title", "intro")}
    return survey.model_copy(update=filled)
