"""What must hold of an incident after any fault: nobody lost, nothing recorded twice, copies only where a row says so."""

from __future__ import annotations

from tests.faults.evidence import Evidence
from tests.faults.world import Incident


def nobody_is_lost(incident: Incident, evidence: Evidence, mails: dict[str, list[str]]) -> None:
    assert evidence.invitations.keys() == incident.people
    assert {one.state for one in evidence.invitations.values()} == {"accepted"}
    assert mails.keys() == incident.people


def nothing_is_there_twice(evidence: Evidence, mails: dict[str, list[str]]) -> None:
    assert evidence.activations == 1
    assert {what: number for what, number in evidence.twice.items() if number} == {}
    copied = {who for who, ids in mails.items() if len(ids) > 1}
    assert copied <= {who for who, one in evidence.invitations.items() if one.ambiguous}
    assert copies(mails) <= evidence.ambiguous
    for who, ids in mails.items():
        assert set(ids) == {evidence.invitations[who].message_id}, "a resend is the same message"


def everything_went_well(evidence: Evidence) -> None:
    assert evidence.deliveries == {"delivered": 1}
    # at least once: who is cut off between the answer and its row sends again, and the receiver does its work once
    assert evidence.attempts["accepted"] in (1, 2)
    assert evidence.runs.keys() == {"succeeded"}
    assert evidence.dead_jobs == 0
    assert evidence.looks <= 1, "one loop asks for newcomers"


def copies(mails: dict[str, list[str]]) -> int:
    return sum(len(ids) - 1 for ids in mails.values())
