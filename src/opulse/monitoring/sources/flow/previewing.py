"""What would become of a sample, without taking anything."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from opulse.monitoring.sensors import views as sensors
from opulse.monitoring.sources.flow.finding import find_systems_in, keep_storable, names_in
from opulse.monitoring.sources.models import (
    MOST_SENSORS,
    Delivery,
    Foreseen,
    Left,
    Settings,
    Signal,
)
from opulse.monitoring.sources.registry import adapter_of
from opulse.monitoring.sources.rules import missing_sensors, place
from opulse.ports import Ports

MOST_SHOWN = 200


async def preview(
    ports: Ports, tenant: int, kind: str, settings: Settings, delivery: Delivery
) -> tuple[list[Foreseen], list[Left]]:
    """The signals of a sample with the system of each, and what would be left and why; the first 200.

    Raises:
        UnreadableBody: nothing can be made of the sample.
    """
    reading = adapter_of(kind).read(settings, delivery)
    signals, unfit = keep_storable(reading.signals[:MOST_SHOWN])
    foreseen, left = await ports.db.read(_foresee, tenant, settings, signals)
    return foreseen, [*reading.left, *unfit, *left]


def _foresee(
    conn: Connection, tenant: int, settings: Settings, signals: Sequence[Signal]
) -> tuple[list[Foreseen], list[Left]]:
    placed, left = place(signals, find_systems_in(conn, tenant, [one.system for one in signals]), None)
    known = sensors.find_sensors_without_case(conn, tenant, {one.signal.sensor for one in placed})
    _, more = missing_sensors(
        placed, known, category=settings.category, makes=settings.make_sensors, room=MOST_SENSORS
    )
    without = {one.index for one in more}
    names = names_in(conn, tenant, {one.system for one in placed})
    foreseen = [
        Foreseen(one.signal, names[one.system], one.signal.sensor.casefold() in known)
        for one in placed
        if one.signal.index not in without
    ]
    return foreseen, [*left, *more]
