"""The numbers of one incident, read back through the public API and counted at the mail sink."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from opulse.cli.demo.calling import ApiClient
from opulse.cli.demo.models import DemoFailed


@dataclass(frozen=True, slots=True)
class Moments:
    """When the report was sent that crossed the threshold, and when the sink took each mail."""

    triggered_at: datetime
    mails: tuple[datetime, ...]


@dataclass(frozen=True, slots=True)
class Seconds:
    """None where there was no mail."""

    trigger_to_activation: float
    activation_to_webhook: float
    activation_to_first_mail: float | None
    activation_to_last_mail: float | None


@dataclass(frozen=True, slots=True)
class Figures:
    """The object that ``--json`` prints. ``ledger``: state → affected systems; its values sum to ``affected_systems``.

    ``affected_people`` are the people on affected systems whom the directory knows.
    """

    affected_systems: int
    affected_people: int
    invited: int
    mails_accepted: int
    answered: int
    waves: int
    ledger: dict[str, int]
    seconds: Seconds
    report_url: str

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


async def read_figures(
    api: ApiClient, activation: str, run: str, moments: Moments, mails_accepted: int
) -> Figures:
    """Everything about one activation.

    Raises:
        DemoFailed: the numbers contradict each other.
    """
    found = await api.get(f"/api/v1/activations/{activation}")
    ledger = await api.get(f"/api/v1/activations/{activation}/ledger")
    impact = await api.get(f"/api/v1/activations/{activation}/impact")
    deliveries = await api.get(f"/api/v1/activations/{activation}/deliveries")
    output = (await api.get(f"/api/v1/runs/{run}"))["tasks"][0]["output"]
    opened_at = datetime.fromisoformat(found["opened_at"])
    figures = Figures(
        affected_systems=found["systems"]["ever"],
        affected_people=output["people"],
        invited=impact["totals"]["asked"],
        mails_accepted=mails_accepted,
        answered=impact["totals"]["answered"],
        waves=output["waves"],
        ledger=ledger["states"],
        seconds=_seconds(opened_at, _told_at(deliveries["deliveries"]), moments),
        report_url=f"{api.address}/activations/{activation}/result",
    )
    if sum(figures.ledger.values()) != figures.affected_systems:
        raise DemoFailed(
            f"the ledger holds {sum(figures.ledger.values())} systems, but {figures.affected_systems} were affected"
        )
    return figures


def _told_at(deliveries: Sequence[dict[str, Any]]) -> datetime:
    """When the webhook was accepted."""
    ends = [
        datetime.fromisoformat(attempt["finished_at"])
        for delivery in deliveries
        for attempt in delivery["attempts"]
        if attempt["outcome"] == "accepted"
    ]
    if not ends:
        raise DemoFailed("no webhook was accepted")
    return min(ends)


def _seconds(opened_at: datetime, told_at: datetime, moments: Moments) -> Seconds:
    def after(moment: datetime) -> float:
        return round((moment - opened_at).total_seconds(), 3)

    return Seconds(
        trigger_to_activation=round((opened_at - moments.triggered_at).total_seconds(), 3),
        activation_to_webhook=after(told_at),
        activation_to_first_mail=after(min(moments.mails)) if moments.mails else None,
        activation_to_last_mail=after(max(moments.mails)) if moments.mails else None,
    )
