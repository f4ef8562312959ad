"""What a process waits for before it can do its work, part by part."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import cache

from sqlalchemy.exc import SQLAlchemyError

from opulse.bootstrap.schema import newest_revision, revision_in
from opulse.monitoring.sensors.flow.evaluator import Evaluator
from opulse.ports import Ports
from opulse.pulses.watch import Watch, behind

READY = "ok"
PATIENCE = 2.0  # seconds; whoever asks does not wait for ever
FAR_BEHIND = 1_000  # journal records: an evaluator that has so many to apply is still loading


@dataclass(frozen=True)
class Part:
    """``waits_for`` is empty when the part is ready. One that is not ``needed`` is told, and holds nothing up."""

    name: str
    waits_for: str
    needed: bool = True

    @property
    def text(self) -> str:
        return self.waits_for or READY


async def check_parts(ports: Ports, watch: Watch, evaluator: Evaluator | None, wing: str) -> list[Part]:
    """Every part of this process. ``evaluator``: None where another process evaluates."""
    try:
        schema = await asyncio.wait_for(ports.db.read(revision_in), PATIENCE)
    except (SQLAlchemyError, OSError):  # a timeout is an OSError
        return [Part("database", "an answer of the database")]
    parts = [Part("database", ""), Part("schema", _schema(schema))]
    if evaluator is not None and not parts[-1].waits_for:
        found = await watch.look()
        left = behind(found, evaluator) if found else 0
        parts.append(Part("evaluator", f"{left} journal records to apply" if left > FAR_BEHIND else ""))
    if wing != "monitoring":
        why = "" if ports.relay() else "a relay: mail waits until OPULSE_SMTP_HOST is set"
        parts.append(Part("mail_relay", why, needed=False))
    return parts


def _schema(found: str) -> str:
    wanted = _newest()
    return "" if found == wanted else f"schema {wanted}, and the database has {found or 'none'}"


@cache
def _newest() -> str:
    return newest_revision()
