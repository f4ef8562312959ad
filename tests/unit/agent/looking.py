"""Readings of a fresh set of Linux collectors, before and after something was done to the machine."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from opulse.agent.linux import linux_collectors
from opulse.agent.sources import Collector, Question, Readings, Sources
from opulse.catalogue import Measured, Scalar, SensorDefinition, Unavailable, load_catalogue, passes_now


class Look:
    """Collectors of their own, sampled when they are made; each reading is taken after one more sample."""

    def __init__(self, collectors: Sequence[Collector] | None = None) -> None:
        self._sources = Sources(
            linux_collectors() if collectors is None else collectors, absent="no collector"
        )
        self._sources.sample()

    def sample(self) -> None:
        self._sources.sample()

    def at(self, name: str, **variables: Scalar) -> Readings:
        """What the sensor of this name reads now, with the kit's variables under these."""
        sensor = sensor_of(name)
        question = Question({**sensor.variables, **variables}, datetime.now(UTC))
        return self._sources.read(sensor.source, question)

    def value(self, name: str, instance: str | None = None, **variables: Scalar) -> Scalar:
        """The value, of one instance where there are some. Fails where there is none."""
        found = self.at(name, **variables)
        if isinstance(found, dict):
            assert instance in found, f"{name}: {instance} is not among {sorted(found)}"
            found = found[instance]
        assert isinstance(found, Measured), f"{name}: {found}"
        return found.value

    def is_past(self, name: str, instance: str | None = None, **variables: Scalar) -> bool:
        """Whether the reading is past the sensor's limit, however long it has been so."""
        return passes_now(sensor_of(name), variables, Measured(self.value(name, instance, **variables)))

    def instances(self, name: str) -> set[str]:
        found = self.at(name)
        assert isinstance(found, dict), f"{name}: {found}"
        return set(found)

    def reason(self, name: str, **variables: Scalar) -> str:
        found = self.at(name, **variables)
        assert isinstance(found, Unavailable), f"{name}: {found}"
        return found.reason


def sensor_of(name: str) -> SensorDefinition:
    found = load_catalogue().find(name)
    assert found is not None, name
    return found
