"""Sensors in the console: by category, with a search; one sensor with its switch and variables; a custom one."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import groupby
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response

from opulse.catalogue.models import Scalar
from opulse.monitoring.sensors.flow import catalogue as flow
from opulse.monitoring.sensors.flow import deleting
from opulse.monitoring.sensors.flow.evaluator import Evaluator
from opulse.monitoring.sensors.models import GroupSetting, Sensor, SensorOrigin, SensorProblem, SensorRefused
from opulse.monitoring.sensors.pages.shared import Editor, EvaluatorDep, PortsDep, Viewer, may_edit
from opulse.monitoring.sensors.pages.trends import TrendAsked, TrendView, view_trend
from opulse.monitoring.systems import views as systems
from opulse.ports import Ports
from opulse.web.access import Caller
from opulse.web.components.flashes import see_other
from opulse.web.errors import NotFound
from opulse.web.layout import page

router = APIRouter(prefix="/sensors", include_in_schema=False)

Text = Annotated[str, Form()]


@dataclass(frozen=True, slots=True)
class Category:
    """Sensors of one grouping."""

    name: str
    sensors: list[Sensor]


@dataclass(frozen=True, slots=True)
class SensorListPage:
    """The catalogue. ``triggered`` says, by index, on how many systems a sensor is triggered now."""

    categories: list[Category]
    chosen: str
    search: str
    names: list[str]
    found: int
    triggered: dict[int, int]
    may_edit: bool


@dataclass(frozen=True, slots=True)
class SensorPage:
    """One sensor. ``typed`` holds the variables as they stand in the form, ``errors`` what is wrong with them.

    ``groups`` are (GUID, name) to choose from, ``in_groups`` (name, what holds there) of those that have settings.
    """

    sensor: Sensor
    triggered: int
    instances: list[str]
    trend: TrendView
    typed: dict[str, str]
    errors: dict[str, str]
    groups: tuple[tuple[str, str], ...]
    in_groups: tuple[tuple[str, GroupSetting], ...]
    may_edit: bool


@dataclass(frozen=True, slots=True)
class NewSensorPage:
    """The form for a custom sensor."""

    name: str = ""
    category: str = "Custom"
    help: str = ""
    instanced: bool = False
    errors: dict[str, str] = field(default_factory=dict)


@router.get("")
async def show_sensors(
    request: Request,
    caller: Viewer,
    ports: PortsDep,
    evaluator: EvaluatorDep,
    search: Annotated[str, Query(max_length=200)] = "",
    category: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    """The sensors by category; a search looks at names and descriptions."""
    everything = await flow.list_sensors(ports, caller.tenant)
    found = [sensor for sensor in everything if _matches(sensor, search, category)]
    context = SensorListPage(
        categories=[
            Category(name, list(group)) for name, group in groupby(found, lambda sensor: sensor.category)
        ],
        chosen=category,
        search=search,
        names=list(dict.fromkeys(sensor.category for sensor in everything)),
        found=len(found),
        triggered=evaluator.triggered_counts(caller.tenant),
        may_edit=may_edit(caller),
    )
    return await page(request, "sensors/sensors.html", context)


@router.get("/new")
async def show_new(request: Request, caller: Editor) -> Response:
    """The form for a custom sensor."""
    return await page(request, "sensors/new_sensor.html", NewSensorPage())


@router.post("/new")
async def save_new(
    request: Request,
    caller: Editor,
    ports: PortsDep,
    evaluator: EvaluatorDep,
    name: Text = "",
    category: Text = "Custom",
    help: Text = "",
    instanced: Text = "",
) -> Response:
    """Add a custom sensor."""
    errors = {} if name.strip() else {"name": "A sensor has a name; states are sent under it."}
    wanted = Sensor(
        idx=0,
        guid="",
        name=name.strip()[:200],
        category=category.strip()[:100] or "Custom",
        help=help.strip()[:500],
        severity=5,
        instanced=bool(instanced),
        origin=SensorOrigin.CUSTOM,
        enabled=True,
        variables={},
        defaults={},
    )
    if not errors:
        try:
            made = await flow.create_sensor(ports, caller.tenant, wanted, caller.name)
            await evaluator.follow(caller.tenant)
            return see_other(f"/sensors/{made.guid}", "The sensor takes states from now on.")
        except SensorRefused:
            errors["name"] = "A sensor has this name already; choose a different one."
    form = NewSensorPage(name, category, help, bool(instanced), errors)
    return await page(request, "sensors/new_sensor.html", form, 422)


@router.get("/{sensor_id}")
async def show_sensor(
    sensor_id: str,
    request: Request,
    caller: Viewer,
    ports: PortsDep,
    evaluator: EvaluatorDep,
    asked: Annotated[TrendAsked, Query()],
) -> Response:
    """One sensor: how it went over a span, everywhere or in one group or of one instance, and its settings."""
    sensor = await find_sensor(ports, caller, sensor_id)
    typed = {name: _write(value) for name, value in sensor.effective.items()}
    return await _show(request, caller, ports, evaluator, sensor, typed, {}, asked)


@router.post("/{sensor_id}")
async def save_sensor(
    sensor_id: str, request: Request, caller: Editor, ports: PortsDep, evaluator: EvaluatorDep
) -> Response:
    """Set the switch and the variables; an empty variable returns to its default."""
    sensor = await find_sensor(ports, caller, sensor_id)
    posted = await request.form(max_files=0, max_fields=200)
    typed = {name: str(posted.get(f"variable-{name}", "")).strip() for name in sensor.defaults}
    values, errors = read_typed(sensor, typed)
    if not errors:
        try:
            await flow.change_sensor(
                ports,
                caller.tenant,
                sensor.name,
                caller.name,
                enabled=posted.get("enabled") is not None,
                variables=values,
            )
            await evaluator.follow(caller.tenant)
            return see_other(f"/sensors/{sensor_id}", "Saved. Agents take it over within some minutes.")
        except SensorRefused as error:
            errors = {f"variable-{name}": SENTENCES.get(why, why) for name, why in error.what.items()}
    return await _show(request, caller, ports, evaluator, sensor, typed, errors, TrendAsked())


@router.post("/{sensor_id}/delete")
async def save_delete(sensor_id: str, caller: Editor, ports: PortsDep, evaluator: EvaluatorDep) -> Response:
    """Forget a custom sensor, unless something uses it."""
    sensor = await find_sensor(ports, caller, sensor_id)
    try:
        await deleting.delete_sensor(ports, caller.tenant, sensor.name, caller.name)
    except SensorRefused as error:
        sentence = f"{sensor.name} stays: {'; '.join(error.what.values())}."
        return see_other(f"/sensors/{sensor_id}", sentence, "red")
    await evaluator.follow(caller.tenant)
    return see_other("/sensors", f"{sensor.name} is deleted.")


SENTENCES = {
    "negative_time": "A time is not below zero.",
    "not_finite": "A limit is a finite number.",
    "wrong_type": "This is not of the right kind.",
    SensorProblem.BAD_VARIABLES.value: "This cannot be used.",
}


async def _show(
    request: Request,
    caller: Caller,
    ports: Ports,
    evaluator: Evaluator,
    sensor: Sensor,
    typed: dict[str, str],
    errors: dict[str, str],
    asked: TrendAsked,
) -> Response:
    instances = evaluator.instances(caller.tenant, sensor.idx)[:100]
    groups = await ports.db.read(systems.list_groups, caller.tenant)
    named = {group.idx: group.name for group in groups}
    context = SensorPage(
        sensor=sensor,
        triggered=evaluator.triggered_counts(caller.tenant).get(sensor.idx, 0),
        instances=instances,
        trend=await view_trend(ports, evaluator, caller.tenant, sensor, asked),
        typed=typed,
        errors=errors,
        groups=tuple((group.guid, group.name) for group in groups),
        in_groups=tuple(
            (named[idx], setting) for idx, setting in sorted(sensor.in_groups.items()) if idx in named
        ),
        may_edit=may_edit(caller),
    )
    return await page(request, "sensors/sensor.html", context, 422 if errors else 200)


async def find_sensor(ports: Ports, caller: Caller, guid: str) -> Sensor:
    """The sensor of this GUID. Raises NotFound."""
    for sensor in await flow.list_sensors(ports, caller.tenant):
        if sensor.guid == guid.lower():
            return sensor
    raise NotFound("sensor")


def _matches(sensor: Sensor, search: str, category: str) -> bool:
    wanted = search.strip().casefold()
    said = f"{sensor.name}\n{sensor.help}".casefold()
    return wanted in said and category in ("", sensor.category)


def read_typed(sensor: Sensor, typed: dict[str, str]) -> tuple[dict[str, Scalar | None], dict[str, str]]:
    """The typed variables as values of their defaults' kinds, and a sentence for each that is none."""
    values: dict[str, Scalar | None] = {}
    errors: dict[str, str] = {}
    for name, text in typed.items():
        try:
            values[name] = _read(text, sensor.defaults[name]) if text else None
        except ValueError:
            errors[f"variable-{name}"] = f"{name}: write a number, as {_write(sensor.defaults[name])}."
    return values, errors


def _read(text: str, default: Scalar) -> Scalar:
    if isinstance(default, bool):
        return text.lower() in ("true", "yes", "on", "1")
    if isinstance(default, str):
        return text
    number = float(text)
    return int(number) if number.is_integer() else number


def _write(value: Scalar) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
