"""One rule carried over stored records: time passes, records are applied, and the rule decides. No database here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from pyroaring import BitMap

from opulse.monitoring.activations.models import DecisionKind, Facts, Rule, Watch
from opulse.monitoring.activations.rules import decide_activation
from opulse.monitoring.sensors.flow.estate import Estate
from opulse.monitoring.sensors.models import SensorPick
from opulse.monitoring.systems.models import JournalEntry, RecordKind

TICK = timedelta(seconds=60)
"""Hold times, hours and clear delays are looked at so often; the decider in earnest looks every 15 s."""
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass
class Opened:
    """An activation of the replay."""

    at: datetime
    at_activation: BitMap
    ever: BitMap
    closed_at: datetime | None = None


@dataclass
class Running:
    """The state of a replay between two records."""

    estate: Estate
    rule: Rule
    picks: Sequence[SensorPick]
    needed: int
    group_idx: int
    start: datetime
    watch: Watch = field(default_factory=lambda: Watch(False, -1, _NEVER, None, None, None))
    opened: list[Opened] = field(default_factory=list)
    most_at_once: int = 0
    records: int = 0
    _looked_at: datetime = _NEVER

    def take(self, entry: JournalEntry) -> None:
        """The next record: first what time alone did until then, then what it changed."""
        self.pass_time(entry.at)
        self.records += 1
        if entry.kind is not RecordKind.STATES:
            self.estate.position = entry.position  # members and catalogue are as they are now
            return
        applied = self.estate.apply(entry)
        if entry.at >= self.start and (applied.all or applied.touched & self._sensors()):
            self._decide(entry.at)

    def pass_time(self, until: datetime) -> None:
        """Decide each minute up to ``until``, while time alone can change something."""
        moment = max(self._looked_at + TICK, self.start)
        while moment < until and self._waits():
            self._decide(moment)
            moment += TICK

    def _waits(self) -> bool:
        """Whether the next decision may differ without any record: something is held, closing, or kept from activating."""
        return self.watch.is_open or self.most_now() > 0 or self._looked_at == _NEVER

    def most_now(self) -> int:
        return len(self._count())

    def _sensors(self) -> frozenset[int]:
        return frozenset(pick.sensor_idx for pick in self.picks)

    def _count(self) -> BitMap:
        return self.estate.count(self.picks, self.group_idx, self.needed, None).qualifying

    def _decide(self, now: datetime) -> None:
        self._looked_at = now
        count = self.estate.count(self.picks, self.group_idx, self.needed, None)
        qualifying = len(count.qualifying)
        self.most_at_once = max(self.most_at_once, qualifying)
        facts = Facts(now, count.position, qualifying, count.reporting, frozen=False)
        decision = decide_activation(self.rule, facts, self.watch)
        self.watch = replace(decision.watch, is_open=self.watch.is_open)
        if decision.kind is DecisionKind.OPEN:
            self.watch = replace(self.watch, is_open=True)
            self.opened.append(Opened(now, count.qualifying, count.qualifying.copy()))
        elif self.watch.is_open:
            self.opened[-1].ever |= count.qualifying
        if decision.kind is DecisionKind.RESOLVE:
            self.watch = replace(self.watch, is_open=False)
            self.opened[-1].closed_at = now
