"""The form of one question: what stands in its fields, and from what was posted back to a question."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError

from opulse.experience.surveys.models import Question
from opulse.experience.surveys.pages.question_fields import LISTS, FieldSpec, fields_of

_QUESTION: TypeAdapter[Question] = TypeAdapter(Question)


def values_of(question: Question) -> dict[str, str]:
    """What stands in each field: path → text; of a list item ``choices.3.text``."""
    dumped = question.model_dump(mode="json")
    values = {one.path: _shown(dumped, one) for one in fields_of(question)}
    for listed in LISTS.get(question.type, ()):
        for item in dumped[listed.name]:
            for column in listed.columns:
                values[f"{listed.name}.{item['id']}.{column.path}"] = _shown(item, column)
    return values


def typed_values(question: Question, fields: Mapping[str, str]) -> dict[str, str]:
    """What was typed, to be shown again: a box that was not ticked posted nothing."""
    checks = {one.path for one in fields_of(question) if one.widget == "check"}
    for listed in LISTS.get(question.type, ()):
        ticked = [column.path for column in listed.columns if column.widget == "check"]
        ids = [item.id for item in getattr(question, listed.name)]
        checks |= {f"{listed.name}.{item}.{path}" for item in ids for path in ticked}
    return {**values_of(question), **dict.fromkeys(checks, ""), **fields}


def question_from(question: Question, fields: Mapping[str, str]) -> Question:
    """The question as it was posted, after the press that was made (``do``: ``up:choices:3``, ``remove:rows:1``).

    Raises:
        ValidationError: something does not fit; ``loc`` leads to it.
    """
    dumped = question.model_dump(mode="json")
    for one in fields_of(question):
        _take(dumped, one, fields, one.path)
    for listed in LISTS.get(question.type, ()):
        items = dumped[listed.name]
        for item in items:
            for column in listed.columns:
                _take(item, column, fields, f"{listed.name}.{item['id']}.{column.path}")
        items[:] = [item for item in items if item["text"].strip()]
        _append(items, _texts(fields.get(f"{listed.name}.new", "")))
    _rearrange(dumped, fields.get("do", ""))
    return _QUESTION.validate_python(dumped)


def fault_of(error: ValidationError, question: Question) -> dict[str, str]:
    """Field → its sentence, for what did not fit."""
    known = {one.path for one in fields_of(question)}
    found: dict[str, str] = {}
    for fault in error.errors(include_url=False):
        path = [str(part) for part in fault["loc"][1:]]
        name = next((".".join(path[:length]) for length in (2, 1) if ".".join(path[:length]) in known), "")
        found.setdefault(name or (path[0] if path else "text"), _sentence(fault["msg"]))
    return found


def _sentence(message: str) -> str:
    return f"{message.removeprefix('Value error, ')}."


def _shown(dumped: Mapping[str, Any], spec: FieldSpec) -> str:
    value = _get(dumped, spec.path)
    match spec.widget:
        case "check":
            return "on" if value else ""
        case "lines":
            return "\n".join(one["text"] if isinstance(one, dict) else one for one in value or ())
        case "tree":
            return "\n".join(_tree_lines(value or ()))
        case "number" if isinstance(value, float):
            return f"{value:g}"
        case _:
            return "" if value is None else str(value)


def _take(dumped: dict[str, Any], spec: FieldSpec, fields: Mapping[str, str], name: str) -> None:
    """Put what was posted into the question. A box that is not ticked posts nothing, so it must have been on the page."""
    if spec.widget == "check":
        if "shown" in fields:
            _set(dumped, spec.path, fields.get(name) == "on")
        return
    if name not in fields:
        return
    text = fields[name].replace("\r\n", "\n")
    match spec.widget:
        case "number":
            _set(dumped, spec.path, text.strip() or None)
        case "lines":
            texts = _texts(text)
            of_choices = spec.path == "scale"
            _set(dumped, spec.path, _kept(_get(dumped, spec.path) or (), texts) if of_choices else texts)
        case "tree":
            _set(dumped, spec.path, tree_of(text, _get(dumped, spec.path) or ()))
        case _:
            _set(dumped, spec.path, text.strip())


def _get(dumped: Mapping[str, Any], path: str) -> Any:
    value: Any = dumped
    for part in path.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def _set(dumped: dict[str, Any], path: str, value: Any) -> None:
    *above, name = path.split(".")
    target = dumped
    for part in above:
        target = target[part]
    if (
        value is None
        and name in ("max_length", "stars", "minimum", "maximum", "step", "min_length")
        and "rule" not in above
    ):
        return  # a number that must be there stays what it was
    if value is None and name == "min_length":
        value = 0
    target[name] = value


def _texts(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _append(items: list[dict[str, Any]], texts: Iterable[str]) -> None:
    """New entries get ids that none of the others has."""
    for text in texts:
        items.append({"id": str(max((int(item["id"]) for item in items), default=0) + 1), "text": text})


def _kept(former: Iterable[dict[str, Any]], texts: Iterable[str]) -> list[dict[str, Any]]:
    """The lines as entries; one whose text was there before keeps its id, and whatever else it has."""
    known = {item["text"]: item for item in former}
    taken = {int(item["id"]) for item in known.values()}
    kept = []
    for text in texts:
        if text in known:
            kept.append(known[text])
            continue
        taken.add(max(taken, default=0) + 1)
        kept.append({"id": str(max(taken)), "text": text})
    return kept


def _rearrange(dumped: dict[str, Any], do: str) -> None:
    """Move or remove one entry of a list."""
    what, _, rest = do.partition(":")
    name, _, wanted = rest.partition(":")
    items = dumped.get(name)
    if what not in ("up", "down", "remove") or not isinstance(items, list):
        return
    place = next((number for number, item in enumerate(items) if item["id"] == wanted), None)
    if place is None:
        return
    moved = items.pop(place)
    if what != "remove":
        items.insert(max(0, place + (1 if what == "down" else -1)), moved)


def _tree_lines(options: Iterable[Mapping[str, Any]], depth: int = 0) -> Iterable[str]:
    for option in options:
        yield "  " * depth + str(option["text"])
        yield from _tree_lines(option["options"], depth + 1)


def tree_of(text: str, former: Iterable[Mapping[str, Any]] = ()) -> list[dict[str, Any]]:
    """Indented lines as entries of a drill down; one that stands where it stood before keeps its id."""
    known: dict[tuple[str, ...], str] = {}
    _note_ways(former, (), known)
    numbers = iter(range(max((int(one) for one in known.values()), default=0) + 1, 1_000_000))
    top: list[dict[str, Any]] = []
    stack: list[tuple[int, str, list[dict[str, Any]]]] = []
    for line in text.splitlines():
        if not line.strip():
            continue
        depth = (len(line) - len(line.lstrip())) // 2
        while stack and stack[-1][0] >= depth:
            stack.pop()
        way = (*(name for _, name, _ in stack), line.strip())
        entry: dict[str, Any] = {
            "id": known.get(way) or str(next(numbers)),
            "text": line.strip(),
            "options": [],
        }
        (stack[-1][2] if stack else top).append(entry)
        stack.append((depth, line.strip(), entry["options"]))
    return top


def _note_ways(
    options: Iterable[Mapping[str, Any]], above: tuple[str, ...], known: dict[tuple[str, ...], str]
) -> None:
    for option in options:
        way = (*above, str(option["text"]))
        known.setdefault(way, str(option["id"]))
        _note_ways(option["options"], way, known)
