"""The mapping."""

from __future__ import annotations

from pydantic import Field, ValidationInfo, field_validator

from opulse.monitoring.sources.cloudevents.paths import check_path
from opulse.monitoring.sources.models import Settings

_PATHS = ("items", "sensor", "system", "instance", "triggered", "value", "time", "help")


class MappingSettings(Settings):
    """Where in a document each thing stands: ``$`` begins a path, any other text is itself."""

    items: str = Field(
        "",
        title="List of items",
        description="Path of the list when a document holds several, for example $.alerts. Empty: the document is the item.",
        max_length=300,
    )
    sensor: str = Field(
        "$.type", title="Sensor", description="Path of its name, or the name itself.", min_length=1
    )
    system: str = Field(
        "$.subject",
        title="System",
        description="Path of its name, full name or id. A port behind it is dropped.",
        min_length=1,
    )
    instance: str = Field("", title="Instance", description="Path of it. Empty: none.")
    triggered: str = Field(
        "$.data.triggered",
        title="Triggered",
        description="Path of a true or false, or of one of the words below. Empty: the value decides, else every item triggers.",
    )
    triggered_words: str = Field(
        "true, firing, triggered, alert, open, problem, critical, down, on, yes, 1",
        title="Words that trigger",
    )
    cleared_words: str = Field(
        "false, resolved, cleared, ok, closed, recovery, normal, up, off, no, 0", title="Words that clear"
    )
    value: str = Field(
        "", title="Value", description="Path of a number that is compared, where nothing says triggered."
    )
    above: float | None = Field(None, title="Triggered above", description="At the limit it is not.")
    below: float | None = Field(
        None, title="Triggered below", description="At the limit it is not.", validate_default=True
    )
    time: str = Field(
        "$.time",
        title="Time",
        description="Path of when it was so (ISO 8601 with a zone). An item older than what is known is left.",
    )
    help: str = Field("", title="Description", description="Path of a sentence for a sensor that is added.")
    severity: int = Field(5, title="Severity of added sensors", ge=1, le=10)
    category: str = Field(
        "Events", title="Category", description="Of the sensors that this source adds.", max_length=100
    )
    make_sensors: bool = Field(
        True,
        title="Add sensors that are not in the catalogue",
        description="Off: items without a sensor of their name are left.",
    )

    @field_validator(*_PATHS)
    @classmethod
    def _usable(cls, text: str) -> str:
        return check_path(text.strip())

    @field_validator("items")
    @classmethod
    def _is_path(cls, text: str) -> str:
        if text and not text.startswith("$"):
            raise ValueError("the list of items is a path: it begins with $")
        return text

    @field_validator("below")
    @classmethod
    def _has_limit(cls, below: float | None, info: ValidationInfo) -> float | None:
        """The last of the three: what is compared, and the two limits."""
        if info.data.get("value") and info.data.get("above") is None and below is None:
            raise ValueError("a value needs a limit: triggered above, or triggered below")
        return below

    @property
    def can_clear(self) -> bool:
        """Whether an item can say that something is over."""
        return bool(self.triggered or self.value)
