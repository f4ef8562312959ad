"""Questions that are answered by choosing: MC, Matrix, SBS, RO, PGR, DD."""

from __future__ import annotations

from collections.abc import Iterator

from opulse.experience.surveys.models import (
    Dropdown,
    Matrix,
    MultipleChoice,
    NetPromoter,
    Question,
    RankOrder,
    SideBySide,
    SingleChoice,
)
from opulse.experience.surveys.qsf import loose
from opulse.experience.surveys.qsf.mapping.names import number_options
from opulse.experience.surveys.qsf.mapping.options import (
    Fields,
    grouped,
    no_boxes,
    option_fields,
    with_boxes,
)
from opulse.experience.surveys.qsf.mapping.order import arrange
from opulse.experience.surveys.qsf.mapping.words import Desk
from opulse.experience.surveys.qsf.models import Option, QsfQuestion

LOW, HIGH = "Not at all likely", "Extremely likely"
"""The product's own words at the ends of an NPS question."""

_SEVERAL = frozenset({"MAVR", "MAHR", "MACOL", "MSB"})
_ONE = frozenset({"SAVR", "SAHR", "SACOL", "SB"})
_MOST_BUTTONS = 500


class LeftOut(Exception):
    """The question cannot be asked here; the text says why."""


def choice_question(question: QsfQuestion, common: Fields, desk: Desk) -> Question:
    """MC in all its selectors."""
    if question.selector == "NPS":
        return _net_promoter(question, common, desk)
    if not question.choices:
        raise LeftOut("it has no choices")
    placed = grouped(question, desk)
    options = [option for option, _ in placed]
    ids = desk.names.choices[question.id]
    arrangement = arrange(question.payload.get("Randomization"), [one.id for one in options], desk.account)
    fields = option_fields(options, ids, desk, arrangement)
    asked = {**common, "order": arrangement.order}
    if question.selector == "DL" or (question.selector not in _SEVERAL and len(fields) > _MOST_BUTTONS):
        no_boxes(options, desk, "a list that opens")
        if any(heading for _, heading in placed):
            desk.account.differs("the headings between its choices are not shown")
        return Dropdown.model_validate({**asked, "choices": fields})
    fields = [
        {**one, "group": heading}
        for one, (_, heading) in zip(with_boxes(fields, options, desk), placed, strict=True)
    ]
    layout = "horizontal" if question.selector in ("SAHR", "MAHR") else "vertical"
    asked = {**asked, "choices": fields, "layout": layout}
    if question.selector in _SEVERAL:
        return MultipleChoice.model_validate({**asked, **_limits(question, len(fields))})
    if question.selector not in _ONE:
        desk.account.differs(
            f"the look {question.selector or 'without a name'} is shown as a list of buttons"
        )
    return SingleChoice.model_validate(asked)


def matrix(question: QsfQuestion, common: Fields, desk: Desk) -> Question:
    """Matrix with points to choose (Likert, Bipolar, MaxDiff and what looks like them)."""
    ids, points = desk.names.choices[question.id], desk.names.answers[question.id]
    rows = list(question.choices)
    arrangement = arrange(question.payload.get("Randomization"), [one.id for one in rows], desk.account)
    tags = loose.mapping(question.payload.get("ChoiceDataExportTags"))
    fields = option_fields(_named_rows(question, desk), ids, desk, arrangement, tags)
    if question.selector == "Bipolar":
        fields = [_poles(one) for one in fields]
    elif question.selector != "Likert":
        desk.account.differs(_AS_MATRIX.get(question.selector, "it is asked as one point for each row"))
    no_boxes(rows, desk, "a matrix")
    no_boxes(question.answers, desk, "a matrix")
    if loose.mapping(question.payload.get("ChoiceGroups")):
        desk.account.differs("the headings between its rows are not shown")
    answers = {"MultipleAnswer": "several", "DL": "list"}.get(question.sub_selector, "one")
    asked = {
        **common,
        "rows": fields,
        "scale": option_fields(question.answers, points, desk),
        "answers": answers,
    }
    if arrangement.reversed_scale:
        return Matrix.model_validate({**asked, "flip_scale": True})
    return Matrix.model_validate({**asked, "order": arrangement.order})


def side_by_side(question: QsfQuestion, common: Fields, desk: Desk) -> Question:
    """SBS: each column a matrix of its own over the same rows."""
    ids = desk.names.choices[question.id]
    arrangement = arrange(question.payload.get("Randomization"), ids, desk.account)
    tags = loose.mapping(question.payload.get("ChoiceDataExportTags"))
    no_boxes(question.choices, desk, "a matrix")
    return SideBySide.model_validate(
        {
            **common,
            "rows": option_fields(_named_rows(question, desk), ids, desk, arrangement, tags),
            "columns": list(_columns(question, desk)),
            "order": arrangement.order,
        }
    )


def rank_order(question: QsfQuestion, common: Fields, desk: Desk) -> Question:
    """RO: the place of each item."""
    arrangement = arrange(
        question.payload.get("Randomization"), [one.id for one in question.choices], desk.account
    )
    no_boxes(question.choices, desk, "a ranking")
    choices = option_fields(question.choices, desk.names.choices[question.id], desk, arrangement)
    return RankOrder.model_validate({**common, "choices": choices, "order": arrangement.order})


def pick_group_rank(question: QsfQuestion, common: Fields, desk: Desk) -> Question:
    """PGR as a list of groups for each item; the order inside a group is not asked."""
    groups = [
        {"id": str(place), "text": desk.words(_group_name(one)) or f"{place}"}
        for place, one in enumerate(loose.sequence(question.payload.get("Groups")), start=1)
    ]
    if not groups:
        raise LeftOut("it has no groups to sort into")
    desk.account.differs("items are put into groups by a list for each; their order in a group is not asked")
    no_boxes(question.choices, desk, "a list that opens")
    rows = option_fields(question.choices, desk.names.choices[question.id], desk)
    return Matrix.model_validate({**common, "rows": rows, "scale": groups, "answers": "list"})


_AS_MATRIX = {
    "MaxDiff": "the best and the worst are asked row by row; that each is named once is not checked",
    "CompactView": "it is shown row by row",
}


def _net_promoter(question: QsfQuestion, common: Fields, desk: Desk) -> Question:
    labels = [loose.mapping(one) for one in loose.sequence(question.payload.get("ColumnLabels"))]
    words = [desk.words(loose.text(one.get("Display"))) for one in labels]
    low, high = (words[0], words[-1]) if len(words) > 1 else ("", "")
    return NetPromoter.model_validate({**common, "low_label": low or LOW, "high_label": high or HIGH})


def _limits(question: QsfQuestion, count: int) -> Fields:
    """Least and most choices. Files keep numbers of a limit that is switched off, so only those of the type count."""
    kind, settings = question.validation.kind, question.validation.settings
    least = loose.whole(settings.get("MinChoices")) if kind in ("MinChoices", "ChoiceRange") else None
    most = loose.whole(settings.get("MaxChoices")) if kind in ("MaxChoices", "ChoiceRange") else None
    return {
        "min_choices": least if least is not None and 1 <= least <= count else None,
        "max_choices": most if most is not None and max(1, least or 1) <= most <= count else None,
    }


def _named_rows(question: QsfQuestion, desk: Desk) -> list[Option]:
    """The rows; a single row without words is called by the question's text, which a screen reader then says."""
    rows = list(question.choices)
    if len(rows) == 1 and not desk.words(rows[0].html):
        return [Option(rows[0].id, question.html, logic=rows[0].logic)]
    return rows


def _poles(row: Fields) -> Fields:
    left, _, right = row["text"].partition(":")
    return {**row, "text": left.strip() or row["text"], "opposite": right.strip()}


def _columns(question: QsfQuestion, desk: Desk) -> Iterator[Fields]:
    """The columns; one with several boxes in each row becomes as many columns, numbered behind the others."""
    free = max((int(_number_of(one)) for one in question.columns), default=0) + 1
    for column in question.columns:
        text = desk.words(column.html, f"Column {_number_of(column)}")
        name = _number_of(column)
        if column.answers and column.selector != "TE" and column.type != "TE":
            no_boxes(column.answers, desk, "a column")
            kind = {"MultipleAnswer": "several", "DL": "list"}.get(column.sub_selector, "one")
            scale = option_fields(column.answers, number_options(column.answers), desk)
            yield {"id": name, "text": text, "answers": kind, "scale": scale}
            continue
        yield {"id": name, "text": _boxed(text, column, 0, desk), "answers": "text"}
        for place in range(1, len(column.answers)):
            yield {"id": str(free), "text": _boxed(text, column, place, desk), "answers": "text"}
            free += 1


def _boxed(text: str, column: QsfQuestion, place: int, desk: Desk) -> str:
    """The column's words, with those of one of its boxes where it has several."""
    if len(column.answers) < 2:
        return text
    return f"{text} – {desk.words(column.answers[place].html, str(place + 1))}"


def _number_of(column: QsfQuestion) -> str:
    return column.id.rpartition("#")[2]


def _group_name(value: object) -> str:
    return loose.text(loose.mapping(value).get("Display")) if isinstance(value, dict) else loose.text(value)
