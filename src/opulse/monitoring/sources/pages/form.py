"""A source's form: its fields are those of its adapter's settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, get_args

from pydantic.fields import FieldInfo
from starlette.datastructures import FormData

from opulse.monitoring.sources.models import Adapter, Settings, Source, SourceDraft, SourceRefused
from opulse.monitoring.sources.registry import adapter_of

_SETTING = "setting-"
_HOUR = 3600


@dataclass(frozen=True, slots=True)
class FormField:
    """One setting. ``shape``: text, number, switch or choice."""

    id: str
    title: str
    hint: str
    shape: str
    value: Any
    options: tuple[str, ...] = ()
    required: bool = False


@dataclass(frozen=True)
class SourceForm:
    """What stands in the form. ``life``: hours, as text; ``sample`` and ``headers`` are for trying."""

    name: str
    life: str
    enabled: bool
    values: Mapping[str, Any] = field(default_factory=dict)
    sample: str = ""
    headers: str = ""

    def draft(self, adapter: Adapter) -> SourceDraft:
        """For saving.

        Raises:
            SourceRefused: the time to live is no number.
        """
        given = {
            name: _typed(adapter.settings.model_fields[name], value) for name, value in self.values.items()
        }
        given = {
            name: value for name, value in given.items() if value is not None or _takes_none(adapter, name)
        }
        return SourceDraft(adapter.kind, self.name, given, _seconds(self.life), self.enabled)


def new_form(adapter: Adapter) -> SourceForm:
    """An empty one: what is usual for the kind."""
    defaults = adapter.settings().model_dump()
    return SourceForm("", _hours(adapter.life), True, defaults, adapter.sample)


def form_of(source: Source) -> SourceForm:
    """A saved one."""
    adapter = adapter_of(source.kind)
    values = adapter.settings().model_dump() | dict(source.settings)
    seconds = 0 if source.life is None else int(source.life.total_seconds())
    return SourceForm(source.name, _hours(seconds), source.enabled, values, adapter.sample)


def read_form(adapter: Adapter, sent: FormData) -> SourceForm:
    """As it was sent: a switch that is off is absent."""
    values: dict[str, Any] = {}
    for name, info in adapter.settings.model_fields.items():
        written = sent.get(_SETTING + name)
        values[name] = written is not None if info.annotation is bool else str(written or "").strip()
    return SourceForm(
        name=str(sent.get("name", "")),
        life=str(sent.get("life", "")).strip(),
        enabled="enabled" in sent,
        values=values,
        sample=str(sent.get("sample", "")),
        headers=str(sent.get("headers", "")),
    )


def fields_of(adapter: Adapter, form: SourceForm) -> list[FormField]:
    """The settings in their order; what every kind has comes last."""
    found = []
    for name, info in sorted(adapter.settings.model_fields.items(), key=_is_of_all):
        options = tuple(str(one) for one in get_args(info.annotation) if isinstance(one, str))
        shape = (
            "switch"
            if info.annotation is bool
            else "choice"
            if options
            else "number"
            if _is_number(info)
            else "text"
        )
        value = form.values.get(name)
        found.append(
            FormField(
                _SETTING + name,
                info.title or name,
                info.description or "",
                shape,
                "" if value is None else value,
                options,
                required=any(getattr(rule, "min_length", None) for rule in info.metadata),
            )
        )
    return found


def errors_of(adapter: Adapter, refused: SourceRefused) -> dict[str, str]:
    """Field id → sentence."""
    known = adapter.settings.model_fields
    return {(_SETTING + name if name in known else name): text for name, text in refused.what.items()}


def headers_of(text: str) -> dict[str, str]:
    """``Name: value`` lines, names in lower case."""
    pairs = (line.partition(":") for line in text.splitlines() if ":" in line)
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def _typed(info: FieldInfo, value: Any) -> Any:
    return None if _is_number(info) and value == "" else value


def _takes_none(adapter: Adapter, name: str) -> bool:
    return type(None) in get_args(adapter.settings.model_fields[name].annotation)


def _is_of_all(item: tuple[str, FieldInfo]) -> bool:
    return item[0] in Settings.model_fields


def _is_number(info: FieldInfo) -> bool:
    kinds = {info.annotation, *get_args(info.annotation)}
    return bool(kinds & {int, float}) and str not in kinds


def _hours(seconds: int) -> str:
    return f"{seconds / _HOUR:g}"


def _seconds(hours: str) -> int | None:
    """Empty: as usual for the kind."""
    if not hours:
        return None
    try:
        return round(float(hours) * _HOUR)
    except (ValueError, OverflowError):
        return -1  # refused with the sentence that says what fits
