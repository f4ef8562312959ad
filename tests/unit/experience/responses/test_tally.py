"""Counts from changes of answers: what was added up change by change equals what a fresh count gives."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from opulse.experience.responses.models import CountChange
from opulse.experience.responses.rules import tally
from opulse.experience.surveys.models import Answers


def change(before: Answers, after: Answers) -> CountChange:
    return CountChange("R_1", "SV_1", 1, before, after)


def test_each_kind_of_answer_is_counted_under_its_choice() -> None:
    answers: Answers = {"QID1": "4", "QID2": ["1", "3"], "QID3": 9, "QID5_1": 70, "QID4_TEXT": "words"}
    assert tally([change({}, answers)]) == {
        ("QID1", "4"): 1,
        ("QID2", "1"): 1,
        ("QID2", "3"): 1,
        ("QID3", "9"): 1,
        ("QID5_1", "70"): 1,
        ("QID4_TEXT", ""): 1,
    }


def test_a_changed_answer_moves_and_an_unchanged_one_is_left_out() -> None:
    moved = change({"QID1": "4", "QID3": "1"}, {"QID1": "2", "QID3": "1"})
    assert tally([moved]) == {("QID1", "4"): -1, ("QID1", "2"): 1}


def test_a_withdrawn_answer_is_taken_away() -> None:
    assert tally([change({"QID1": "4"}, {})]) == {("QID1", "4"): -1}


ANSWERS = st.dictionaries(
    st.sampled_from(["QID1", "QID2", "QID4_TEXT"]), st.sampled_from(["1", "2", "3"]), max_size=3
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # the cores are shared
@given(st.lists(ANSWERS, min_size=1, max_size=6))
def test_a_chain_of_changes_adds_up_to_its_last_answer(versions: list[Answers]) -> None:
    chain = [change(old, new) for old, new in zip([{}, *versions], versions, strict=False)]
    assert tally(chain) == tally([change({}, versions[-1])])
