"""Reads sensor kits. Strict: what is not understood is refused, with the file and the sensor named."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from types import MappingProxyType
from typing import Any

import msgspec
import yaml

from opulse.catalogue.checks import list_problems
from opulse.catalogue.models import Catalogue, CatalogueRefused, Kit, KitOrigin, SensorDefinition

LARGEST_KIT_BYTES = 4_000_000


class _KitFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    kit: str
    origin: KitOrigin
    sensors: list[dict[str, Any]]


@cache
def load_catalogue() -> Catalogue:
    """The kits that this package carries, read once per process.

    Raises:
        CatalogueRefused: a kit is wrong.
    """
    return read_catalogue([resources.files("opulse.catalogue") / "kits"])


def read_catalogue(folders: Iterable[Traversable]) -> Catalogue:
    """All ``*.yaml`` of the folders, in that order and by file name; later kits may not repeat a name or a rule.

    Raises:
        CatalogueRefused: a file is no kit, a sensor is wrong, a name, a rule or a kit comes twice.
    """
    kits: list[Kit] = []
    first_in: dict[str, str] = {}
    first_with: dict[tuple[object, ...], str] = {}
    by_name: dict[str, SensorDefinition] = {}
    for file in _kit_files(folders):
        kit = read_kit(file.name, file.read_bytes())
        if any(kit.kit == earlier.kit for earlier in kits):
            raise CatalogueRefused(file.name, None, f"another file is already the kit {kit.kit!r}")
        kits.append(kit)
        for sensor in kit.sensors:
            folded = sensor.name.casefold()
            if folded in first_in:
                raise CatalogueRefused(
                    file.name, sensor.name, f"the name is already used in {first_in[folded]}"
                )
            first_in[folded] = file.name
            if (same := first_with.setdefault(sensor.rule, sensor.name)) != sensor.name:
                raise CatalogueRefused(
                    file.name, sensor.name, f"source, condition and variables are those of {same!r}"
                )
            by_name[sensor.name] = sensor
    return Catalogue(kits=tuple(kits), by_name=MappingProxyType(by_name))


def read_kit(file: str, content: bytes) -> Kit:
    """One kit out of its YAML; ``file`` is only for messages.

    Raises:
        CatalogueRefused: the YAML or a sensor in it is wrong.
    """
    if len(content) > LARGEST_KIT_BYTES:
        raise CatalogueRefused(file, None, f"larger than {LARGEST_KIT_BYTES:,} bytes")
    try:
        form = msgspec.convert(yaml.load(content, Loader=_StrictLoader), _KitFile)  # noqa: S506 - a SafeLoader
    except (yaml.YAMLError, msgspec.ValidationError) as error:
        raise CatalogueRefused(file, None, str(error)) from error
    sensors = tuple(_read_sensor(file, position, entry) for position, entry in enumerate(form.sensors))
    return Kit(kit=form.kit, origin=form.origin, sensors=sensors)


def _read_sensor(file: str, position: int, entry: dict[str, Any]) -> SensorDefinition:
    label = str(entry.get("name", f"sensor {position + 1}"))
    try:
        sensor = msgspec.convert(entry, SensorDefinition)
    except msgspec.ValidationError as error:
        raise CatalogueRefused(file, label, str(error)) from error
    if problems := list_problems(sensor):
        raise CatalogueRefused(file, label, "; ".join(problems))
    return sensor


def _kit_files(folders: Iterable[Traversable]) -> list[Traversable]:
    return [
        file
        for folder in folders
        for file in sorted(folder.iterdir(), key=lambda entry: entry.name)
        if file.name.endswith(".yaml")
    ]


class _StrictLoader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Plain data only, and a key that is written twice is an error instead of the last one winning."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.constructor.ConstructorError(None, None, "a key is plain text", key.start_mark)
            if key.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"key {key.value!r} comes twice", key.start_mark
                )
            seen.add(key.value)
        made: dict[Hashable, Any] = super().construct_mapping(node, deep)
        return made
