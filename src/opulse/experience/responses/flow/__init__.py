"""The use cases of the stage: open a link, take an answer, give what changes the counts."""

from opulse.experience.responses.flow.answering import (
    MOST_REVISIONS,
    RESPONSE_RECORDED,
    correct_owner_in,
    record_in,
    submit,
)
from opulse.experience.responses.flow.counting import take_uncounted_in
from opulse.experience.responses.flow.links import find_first_look, find_link
from opulse.experience.responses.flow.testing import delete_tests, keep_test, list_tests
from opulse.experience.responses.flow.turning import Browser, Opened, Turn, open_walk, turn_page, visit_of
from opulse.experience.responses.flow.unsubscribing import unsubscribe

__all__ = [
    "MOST_REVISIONS",
    "RESPONSE_RECORDED",
    "Browser",
    "Opened",
    "Turn",
    "correct_owner_in",
    "delete_tests",
    "find_first_look",
    "find_link",
    "keep_test",
    "list_tests",
    "open_walk",
    "record_in",
    "submit",
    "take_uncounted_in",
    "turn_page",
    "unsubscribe",
    "visit_of",
]
