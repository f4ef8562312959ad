"""Other tools as sensors: what Alertmanager, Fleet or any sender of events says becomes sensor states of our systems.

Webhooks come in, each to the address of a *source* that says how to read it; what they say goes into the journal, as agents'
batches do. A source *holds* what it said last, so that repeats change nothing, a state that nobody repeats can end, and two
alerts about one sensor do not clear each other. Announces no jobs.
"""

from opulse.monitoring.sources.models import LeftReason, Source, SourceKind

__all__ = ["LeftReason", "Source", "SourceKind"]
