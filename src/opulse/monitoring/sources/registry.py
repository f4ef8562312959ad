"""The adapters, by kind. A further one is a folder with an ``ADAPTER`` and a line here."""

from __future__ import annotations

from collections.abc import Mapping

from opulse.monitoring.sources.alertmanager import ADAPTER as ALERTMANAGER
from opulse.monitoring.sources.cloudevents import ADAPTER as CLOUDEVENTS
from opulse.monitoring.sources.fleet import ADAPTER as FLEET
from opulse.monitoring.sources.models import Adapter, SourceKind

ADAPTERS: Mapping[SourceKind, Adapter] = {one.kind: one for one in (ALERTMANAGER, FLEET, CLOUDEVENTS)}
