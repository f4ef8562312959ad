"""The adapters, by kind: our own, and those that installed packages offer by the entry point group ``opulse.sources``.

The value of an entry point is an :class:`~opulse.monitoring.sources.models.Adapter`; ``examples`` has a package with one.
"""

from __future__ import annotations

from importlib.metadata import entry_points

from opulse.monitoring.sources.alertmanager import ADAPTER as ALERTMANAGER
from opulse.monitoring.sources.cloudevents import ADAPTER as CLOUDEVENTS
from opulse.monitoring.sources.fleet import ADAPTER as FLEET
from opulse.monitoring.sources.models import Adapter, Delivery, Reading, Settings
from opulse.wire.errors import UnreadableBody

SOURCE_GROUP = "opulse.sources"

ADAPTERS: dict[str, Adapter] = {str(one.kind): one for one in (ALERTMANAGER, FLEET, CLOUDEVENTS)}


def load_adapters() -> None:
    """Register the adapters of installed packages. Safe to call again."""
    for point in entry_points(group=SOURCE_GROUP):
        offered: Adapter = point.load()
        register(offered)


def register(adapter: Adapter) -> None:
    """Offer ``adapter``.

    Raises:
        ValueError: another adapter has its kind.
    """
    known = ADAPTERS.setdefault(str(adapter.kind), adapter)
    if known is not adapter:
        raise ValueError(f"two adapters are of the kind {adapter.kind!r}")


def adapter_of(kind: str) -> Adapter:
    """The adapter of a stored source; one that takes nothing where its package is not installed any more."""
    return ADAPTERS.get(kind) or _absent(kind)


def _absent(kind: str) -> Adapter:
    words = f"There is no adapter of the kind {kind} here: install its package again, or delete the source."

    def read(settings: Settings, delivery: Delivery) -> Reading:
        raise UnreadableBody(words)

    return Adapter(kind, f"{kind} (not installed)", words, Settings, read, lambda address: words, "", 0, True)
