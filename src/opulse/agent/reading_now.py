"""One look at every sensor that can be read on this machine, for people and for ``opulse agent sensors``."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping

from opulse.agent.anywhere.logons import list_users
from opulse.agent.attendance import Look
from opulse.agent.board import describe
from opulse.agent.in_time import read_in_time
from opulse.agent.models import SensorReading
from opulse.agent.prompts import Desktop
from opulse.agent.sources import Collector, Question, Readings, Sources, by_instance
from opulse.catalogue import Platform, SensorDefinition, Variables, load_catalogue, passes_now
from opulse.clock import Clock, SystemClock
from opulse.wire.sensor_states import LoggedOnUser

SETTLE_SECONDS = 1.0
"""Time between the two samples of the counters: rates need two."""
MOST_SECONDS = 20.0
"""What hangs longer is shown as unavailable."""

_PLATFORMS = {"linux": Platform.LINUX, "darwin": Platform.MACOS, "win32": Platform.WINDOWS}


def this_platform() -> Platform | None:
    """The platform this process runs on, where the catalogue knows it."""
    return _PLATFORMS.get(sys.platform)


def sources_of_this_machine() -> Sources:
    """Collectors for this platform; where there are none, every measure is unavailable with that reason."""
    return Sources(
        _collectors(this_platform()), absent=f"this agent has no collector for it on {sys.platform}"
    )


def _collectors(platform: Platform | None) -> tuple[Collector, ...]:
    """Only those of this platform are imported: others use modules that are not here."""
    if platform is Platform.LINUX:
        from opulse.agent.linux import linux_collectors

        return linux_collectors()
    if platform is Platform.WINDOWS:
        from opulse.agent.windows import windows_collectors

        return windows_collectors()
    if platform is Platform.MACOS:
        from opulse.agent.macos import macos_collectors

        return macos_collectors()
    return ()


def logons_of_this_machine() -> Look | None:
    """How to look who is logged on; None on a platform that we know no way for. Not run on hardware but for Linux."""
    platform = this_platform()
    if platform is Platform.LINUX:
        from opulse.agent.linux.logons import list_logons

        return lambda: [LoggedOnUser(logon.user, logon.since) for logon in list_logons()]
    return None if platform is None else list_users


def desktop_of_this_machine() -> Desktop | None:
    """How to ask people in front of this machine; None on a platform that we know no way for."""
    if this_platform() is Platform.LINUX:
        from opulse.agent.linux.desktop import LinuxDesktop

        return LinuxDesktop()
    if this_platform() is Platform.WINDOWS:
        from opulse.agent.windows.desktop import WindowsDesktop
        from opulse.agent.windows.sessions import Sessions

        return WindowsDesktop(Sessions())
    if this_platform() is Platform.MACOS:
        from opulse.agent.macos.desktop import MacDesktop

        return MacDesktop()
    return None


def read_sensors_now(
    overrides: Mapping[str, Variables] | None = None, clock: Clock | None = None
) -> list[SensorReading]:
    """Read each sensor that the agent evaluates on this platform, once; takes some seconds, and some twenty at most.

    ``overrides``: variables by sensor name (``{"Process 1 Not Running": {"process": "sshd"}}``). ``triggered`` says that
    the value is past the limit now; a single look cannot say for how long. Blocking: not for an event loop.
    """
    sources = sources_of_this_machine()
    sources.sample()
    time.sleep(SETTLE_SECONDS)
    sources.sample()
    now = (clock or SystemClock()).now()
    platform = this_platform()
    known = load_catalogue().evaluated_on(platform) if platform else ()
    variables = {
        sensor.name: {**sensor.variables, **(overrides or {}).get(sensor.name, {})} for sensor in known
    }
    wanted = [(sensor.name, sensor.source, Question(variables[sensor.name], now)) for sensor in known]
    found = read_in_time(sources, wanted, MOST_SECONDS)
    return [
        described
        for sensor in known
        for described in _described(sensor, variables[sensor.name], found[sensor.name])
    ]


def _described(
    definition: SensorDefinition, variables: Variables, readings: Readings
) -> Iterator[SensorReading]:
    for instance, reading in sorted(by_instance(readings), key=lambda pair: pair[0] or ""):
        yield describe(definition, instance, reading, passes_now(definition, variables, reading), None)
    if isinstance(readings, dict) and not readings:
        yield describe(definition, None, None, False, None)
