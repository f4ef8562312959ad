"""The lists of sensors and groups: names to take over. Neither answer is published, so several forms are read."""

from __future__ import annotations

from urllib.parse import urljoin

from opulse.bridges.systrack.asking import get
from opulse.bridges.systrack.models import Named, Source
from opulse.bridges.systrack.sending import unreadable
from opulse.bridges.systrack.tokens import TokenKeeper
from opulse.ports import Ports
from opulse.wire.errors import UnreadableBody
from opulse.wire.names_reading import decode_names


async def read_sensors(ports: Ports, keeper: TokenKeeper, source: Source) -> list[Named]:
    """The sensors of the tenant. Raises as :func:`_read`."""
    return await _read(ports, keeper, source, "/api/sensors", "sensors")


async def read_groups(ports: Ports, keeper: TokenKeeper, source: Source) -> list[Named]:
    """The groups of the tenant (``GET /api/groups`` is documented). Raises as :func:`_read`."""
    return await _read(ports, keeper, source, "/api/groups", "groups")


async def _read(ports: Ports, keeper: TokenKeeper, source: Source, path: str, what: str) -> list[Named]:
    """Raises ``FetchRefused`` or ``ComeAgain``, as :func:`get`."""
    cloud = source.cloud_url.rstrip("/")
    if "://" not in cloud:
        cloud = f"http://{cloud}" if ports.http.is_named(f"http://{cloud}") else f"https://{cloud}"
    url = urljoin(cloud, path)
    answer = await get(ports, keeper, source, url, what=what)
    try:
        return [Named(name, category) for name, category in decode_names(answer.body)]
    except UnreadableBody as error:
        raise unreadable(url, f"the list of {what}", error) from error
