"""Prometheus metrics. A label is a reason or a state, never an identity. docs/reference/metrics.md is made from them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from prometheus_client import REGISTRY, Counter, Gauge, Histogram

_SECONDS = (0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 300, 1000)
_STAGE_SECONDS = (0.005, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 60, 300, 900, 3600, 14400)

JOBS = Counter("opulse_jobs_total", "Background jobs by kind and how they ended", ["kind", "end"])
JOB_SECONDS = Histogram("opulse_job_seconds", "Running time of a background job", ["kind"], buckets=_SECONDS)
ANNOUNCEMENTS = Counter(
    "opulse_announcements_total", "Jobs announced to the stream, in time or late", ["when"]
)
DECISIONS = Counter("opulse_decisions_total", "Decisions of rules by reason", ["rule", "reason"])
DECISIONS_REFUSED = Counter(
    "opulse_decisions_refused_total", "Decisions that were not written because another process decides by now"
)
CHANGES = Counter("opulse_sensor_changes_total", "Sensor state changes by how they were taken", ["outcome"])
RUNS = Counter("opulse_runs_total", "Workflow runs by the state in which they ended", ["state"])
MAILS = Counter("opulse_mails_total", "Mails by what became of a try, and why", ["outcome", "reason"])
PROMPTS = Counter("opulse_desktop_prompts_total", "Questions on desktops by what became of them", ["outcome"])
ANSWERS = Counter("opulse_answers_total", "Survey answers by how they were recorded", ["outcome"])
STAGE_SECONDS = Histogram(
    "opulse_stage_seconds",
    "How long each stage of the path took: activation, webhook, contact, mail, answer",
    ["stage"],
    buckets=_STAGE_SECONDS,
)

# What a scrape reads from the database. Every process that shares it says the same: take the maximum, not the sum.
DATABASE_UP = Gauge("opulse_database_up", "1 while the database answers the scrape, else 0")
QUEUE_AGE = Gauge("opulse_queue_age_seconds", "Age of the oldest job that is due and nobody has", ["queue"])
QUEUE_JOBS = Gauge("opulse_queue_jobs", "Jobs in the table by state", ["queue", "state"])
MAIL_AGE = Gauge(
    "opulse_mail_age_seconds",
    "Age of the oldest invitation that is due, by the state of its distribution",
    ["distribution"],
)
JOURNAL_BEHIND = Gauge("opulse_journal_behind", "Records of the sensor journal that are not evaluated yet")
DOCTOR_FINDINGS = Gauge(
    "opulse_doctor_findings", "What the last nightly look at the set-up found, in all tenants", ["severity"]
)
LEDGER_SYSTEMS = Gauge(
    "opulse_ledger_systems",
    "Affected systems by their state in the ledger, of incidents that are open or began in the last 24 hours, as of a minute ago",
    ["state"],
)
FROZEN = Gauge("opulse_reporting_frozen", "1 while silence is not believed and nothing resolves, else 0")

PREFIX = "opulse_"


@dataclass(frozen=True)
class Metric:
    """One metric as Prometheus knows it. ``series``: every name under which its samples are scraped."""

    name: str
    kind: str
    labels: tuple[str, ...]
    help: str
    series: tuple[str, ...]


def list_metrics() -> Iterator[Metric]:
    """Our own metrics, in the order in which they stand above."""
    suffixes = {"counter": ("_total",), "histogram": ("_bucket", "_count", "_sum"), "gauge": ("",)}
    known = {family.name: family for family in REGISTRY.collect() if family.name.startswith(PREFIX)}
    for found in (one for one in globals().values() if isinstance(one, Counter | Gauge | Histogram)):
        (described,) = found.describe()
        family = known[described.name]
        series = tuple(f"{family.name}{suffix}" for suffix in suffixes[family.type])
        name = series[0] if family.type == "counter" else family.name
        yield Metric(name, family.type, tuple(found._labelnames), family.documentation, series)
