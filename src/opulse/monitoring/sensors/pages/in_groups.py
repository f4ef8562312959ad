"""A sensor's switch and variables for one group of systems, set from its page."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from opulse.monitoring.sensors.flow.grouping import set_in_group
from opulse.monitoring.sensors.models import SensorRefused
from opulse.monitoring.sensors.pages.sensors import SENTENCES, find_sensor, read_typed
from opulse.monitoring.sensors.pages.shared import Editor, EvaluatorDep, PortsDep
from opulse.web.components.flashes import see_other

router = APIRouter(prefix="/sensors", include_in_schema=False)


@router.post("/{sensor_id}/groups")
async def save_in_group(
    sensor_id: str, request: Request, caller: Editor, ports: PortsDep, evaluator: EvaluatorDep
) -> Response:
    """Set the switch and the variables for one group; all left as everywhere takes the settings away."""
    sensor = await find_sensor(ports, caller, sensor_id)
    posted = await request.form(max_files=0, max_fields=200)
    typed = {name: str(posted.get(f"there-{name}", "")).strip() for name in sensor.defaults}
    values, errors = read_typed(sensor, typed)
    switch = {"on": True, "off": False}.get(str(posted.get("switch", "")))
    address = f"/sensors/{sensor_id}"
    if errors:
        return see_other(address, next(iter(errors.values())), "red")
    try:
        await set_in_group(
            ports,
            caller.tenant,
            sensor.name,
            str(posted.get("group_id", "")),
            caller.name,
            enabled=switch,
            variables={name: value for name, value in values.items() if value is not None},
        )
    except LookupError:
        return see_other(address, "Choose the group for which it shall hold.", "red")
    except SensorRefused as error:
        told = "; ".join(f"{name}: {SENTENCES.get(why, why)}" for name, why in error.what.items())
        return see_other(address, told, "red")
    await evaluator.follow(caller.tenant)
    return see_other(address, "Saved for the group. Agents take it over within some minutes.")
