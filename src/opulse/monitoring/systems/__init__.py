"""The estate: systems and the people who use them come in, dense indices and groups go out.

Every other stage speaks of a system by its index (``idx``), which is never given twice; pages and APIs show GUIDs and
names. Who used a system is kept as validity intervals, so it can be asked as of a time. Each change of systems or of a
group's members is also a record in the journal that the evaluator follows. Announces no jobs.
"""

from opulse.monitoring.systems.models import (
    ALL_SYSTEMS,
    Group,
    GroupKind,
    JournalEntry,
    System,
    SystemUser,
)

__all__ = ["ALL_SYSTEMS", "Group", "GroupKind", "JournalEntry", "System", "SystemUser"]
