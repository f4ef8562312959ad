"""Where the crash test lets processes die. ``docs/explain/crashes.md`` says what is committed there and what follows."""

from __future__ import annotations

POINTS = {
    "journal": "states.journaled",
    "counting": "activation.counted",
    "confirming": "activation.confirmed",
    "opening": "activation.decided",
    "webhook": "delivery.taken",
    "page": "page.taken",
    "ending_task": "task.done",
    "inserting": "invitations.inserted",
    "claiming": "mails.claimed",
    "data": "mail.data_written 3",
    "accepting": "mail.accepted 5",
}
"""Incident → where the process dies in it."""
SENDING_ALONE = "alone mail.data_written 3"
"""Where the process that sends mails dies, and its owner lives."""
ANSWERS = {"storing": "answer.stored", "tallying": "answer.counted"}
ELSEWHERE = {"source.held", "prompts.reported", "follow_ups.inserted", "erasure.answers"} | {
    "qualtrics.looked",
    "qualtrics.importing",
    "qualtrics.imported",
    "qualtrics.written",
    "qualtrics.listing",
    "qualtrics.asking",
    "qualtrics.asked",
    "qualtrics.answers_told",
    "qualtrics.answers_read",
}
"""Died at in tests of their own: ``tests/journeys/test_sources_alertmanager.py``, ``test_desktop_prompts.py``,
``tests/stores/test_crashes_later.py``; those of Qualtrics in ``tests/flows/test_pulse_qualtrics.py`` and
``test_pulse_asks_at_qualtrics.py`` and ``test_pulse_answers_at_qualtrics.py``."""
