"""Choices, rows, points and statements of a question as ours: id, words, exported value, condition, place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from opulse.experience.surveys.models import ConstantCondition, DisplayLogic
from opulse.experience.surveys.qsf import loose
from opulse.experience.surveys.qsf.html import plain
from opulse.experience.surveys.qsf.mapping.conditions import convert
from opulse.experience.surveys.qsf.mapping.order import Arrangement
from opulse.experience.surveys.qsf.mapping.words import Desk
from opulse.experience.surveys.qsf.models import Option, QsfQuestion

NEVER = DisplayLogic(conditions=(ConstantCondition(value=False),))
_LONGEST_TAG = 100

Fields = dict[str, Any]
"""What a part of a document is made from, before it is checked."""


def option_fields(
    options: Iterable[Option],
    ids: Mapping[str, str],
    desk: Desk,
    arrangement: Arrangement | None = None,
    tags: Mapping[str, Any] | None = None,
) -> list[Fields]:
    """One object per option. An option without words is called by its exported value or its number."""
    arrangement, tags = arrangement or Arrangement(), tags or {}
    found = []
    for option in options:
        fields = _fields(option, ids[option.id], desk)
        tag = loose.word(tags.get(option.id))[:_LONGEST_TAG]
        fields["export_tag"] = tag
        fields["fixed"] = option.id in arrangement.fixed
        if option.id in arrangement.never:
            fields["display"] = NEVER
        found.append(fields)
    return found


def with_boxes(fields: list[Fields], options: Iterable[Option], desk: Desk) -> list[Fields]:
    """The same with boxes for words beside a choice, and with choices that exclude all others."""
    options = list(options)
    checked = (one for one in options if one.text_entry and (content_of_box(one) or is_forced(one)))
    if any(checked):
        desk.account.differs("what is typed beside a choice is not checked")
    return [
        {**one, "text_entry": option.text_entry, "exclusive": option.exclusive}
        for one, option in zip(fields, options, strict=True)
    ]


def content_of_box(option: Option) -> str:
    """What a box beside a choice, or a line of a form, takes: ``ValidNumber``; empty: anything."""
    value = option.raw.get("TextEntryValidation")
    named = loose.word(loose.mapping(loose.mapping(value).get("Settings")).get("ContentType")) or loose.word(
        value
    )
    return "" if named == "None" else named


def is_forced(option: Option) -> bool:
    """Whether a box beside a choice, or a line of a form, must be filled in."""
    return loose.truth(option.raw.get("TextEntryForceResponse"))


def no_boxes(options: Iterable[Option], desk: Desk, where: str) -> None:
    """Account for boxes and exclusions that ``where`` (*a list that opens*) cannot have."""
    options = list(options)
    if any(option.text_entry for option in options):
        desk.account.differs(f"{where} has no box for words beside an entry")
    if any(option.exclusive for option in options):
        desk.account.differs(f"{where} does not keep an entry apart from all others")


def grouped(question: QsfQuestion, desk: Desk) -> list[tuple[Option, str]]:
    """The choices in the order of their groups, each with the heading it stands under (empty: none)."""
    groups = loose.mapping(question.payload.get("ChoiceGroups"))
    by_id = {option.id: option for option in question.choices}
    found: dict[str, str] = {}
    order = (
        [loose.word(one) for one in loose.sequence(question.payload.get("ChoiceGroupOrder"))]
        if groups
        else []
    )
    for name in [*order, *groups]:
        group = loose.mapping(groups.get(name))
        members = (
            [loose.word(one) for one in loose.sequence(group.get("ChoiceGroupOrder"))] if group else [name]
        )
        heading = desk.words(loose.text(group.get("GroupLabel"))) if group else ""
        for member in members:
            if member in by_id:
                found.setdefault(member, heading)
        if loose.word(loose.mapping(group.get("Options")).get("Selection")) == "SAWithinGroup":
            desk.account.differs("one choice in each group was asked for; the groups are headings here")
    return [
        (by_id[name], heading)
        for name, heading in {**found, **dict.fromkeys(set_aside(by_id, found), "")}.items()
    ]


def set_aside(by_id: Mapping[str, Option], found: Mapping[str, str]) -> list[str]:
    """Choices that no group names, in their order."""
    return [name for name in by_id if name not in found]


def localised(question: QsfQuestion, texts: Mapping[str, Any]) -> QsfQuestion:
    """The question with what one language says instead; what it does not say stays in the base language."""
    html = loose.text(texts.get("QuestionText"))
    columns = loose.mapping(texts.get("AdditionalQuestions"))
    return replace(
        question,
        html=html if plain(html).text else question.html,
        choices=_worded(question.choices, texts.get("Choices")),
        answers=_worded(question.answers, texts.get("Answers")),
        payload={**question.payload, **_other_texts(question.payload, texts)},
        columns=tuple(
            localised(column, loose.mapping(columns.get(column.id.rpartition("#")[2])))
            for column in question.columns
        ),
    )


def _fields(option: Option, name: str, desk: Desk) -> Fields:
    recode = option.recode or (option.id if option.id != name else "")
    text = desk.words(option.html)
    if not text:
        text = option.name or recode or name
        if option.html.strip() or name != "1":
            desk.account.differs("a choice without words is called by its value")
    display = convert(option.logic, desk, f"the condition of a choice ({name})") if option.logic else None
    return {
        "id": name,
        "text": text,
        "recode": recode[:_LONGEST_TAG] if recode != name else "",
        "label": option.name if option.name != text else "",
        "display": display,
    }


def _worded(options: tuple[Option, ...], value: Any) -> tuple[Option, ...]:
    if isinstance(value, list):
        first = 0 if any(option.id == "0" for option in options) else 1
        said: Mapping[str, Any] = {str(place): one for place, one in enumerate(value, start=first)}
    else:
        said = loose.mapping(value)
    return tuple(replace(one, html=_display(said.get(one.id)) or one.html) for one in options)


def _display(value: Any) -> str:
    return loose.text(loose.mapping(value).get("Display")) if isinstance(value, dict) else loose.text(value)


def _other_texts(payload: Mapping[str, Any], texts: Mapping[str, Any]) -> Fields:
    """Labels of scales and headings of groups."""
    changed: Fields = {}
    for key in ("Labels", "ColumnLabels"):
        base, said = loose.mapping(payload.get(key)), loose.mapping(texts.get(key))
        if said:
            changed[key] = {
                name: {"Display": _display(said.get(name)) or _display(one)} for name, one in base.items()
            }
    return changed
