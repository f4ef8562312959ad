"""Directories, contacts, embedded data, mailing lists, opt-outs, frequency rules, and what changed on whom.

In: people from the console, the API, files, and the Operational Pulse task. Out: contacts, and *change sets*: one row for one
change that many contacts had in common. Announces ``contacts.changed`` {change_set}.
"""

from opulse.experience.directory.flow.alarms import check_patch, merge_embedded_in
from opulse.experience.directory.flow.gathering import gather_in, open_gathering_in, put_on_list_in
from opulse.experience.directory.flow.leaving import leave_in
from opulse.experience.directory.flow.matching import match_people_in
from opulse.experience.directory.flow.watching import (
    set_watched_in,
    stop_watching_in,
    watched_fields_in,
)
from opulse.experience.directory.models import (
    MAIN_FIELDS,
    Cause,
    ChangeGroup,
    ChangeKind,
    ChangeSet,
    Contact,
    Directory,
    FrequencyRule,
    MailingList,
    Person,
    RuleKind,
)

__all__ = [
    "MAIN_FIELDS",
    "Cause",
    "ChangeGroup",
    "ChangeKind",
    "ChangeSet",
    "Contact",
    "Directory",
    "FrequencyRule",
    "MailingList",
    "Person",
    "RuleKind",
    "check_patch",
    "gather_in",
    "leave_in",
    "match_people_in",
    "merge_embedded_in",
    "open_gathering_in",
    "put_on_list_in",
    "set_watched_in",
    "stop_watching_in",
    "watched_fields_in",
]
