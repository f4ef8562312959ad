"""Simulated people: they see a page as a browser without script does, and answer as their seed says."""

from __future__ import annotations

from opulse.emulators.people import temper_of
from opulse.emulators.people.answering import filled
from opulse.emulators.people.page import read_forms

PAGE = """
<form method="get" action="/search"><input name="q"></form>
<form method="post" action="/s/token">
  <input type="hidden" name="lang" value="de"><input type="hidden" name="stamp" value="1.a&amp;b">
  <input type="text" name="company" value="">
  <input type="hidden" name="seen" value="QID1"><input type="hidden" name="seen" value="QID4">
  <input type="radio" name="QID1" value="1"><input type="radio" name="QID1" value="2">
  <input type="checkbox" name="QID2" value="1">
  <textarea name="QID4_TEXT">earlier words</textarea>
  <button type="submit" name="intent" value="answer">Senden</button>
</form>
<form method="post" action="/s/token"><button name="intent" value="not_me">Not me</button></form>
"""


def test_a_page_is_forms_with_fields_and_buttons() -> None:
    first, second = read_forms(PAGE)
    assert first.action == "/s/token"
    assert first.radios == {"QID1": ["1", "2"]}
    assert first.texts == ["QID4_TEXT"]
    assert first.buttons == [("intent", "answer")]
    assert ("stamp", "1.a&b") in first.values
    assert ("company", "") in first.values
    assert second.buttons == [("intent", "not_me")]
    assert not second.asks


def test_an_answer_sends_hidden_fields_a_choice_each_and_the_first_button() -> None:
    temper = temper_of(7, "a@acme.example", "incident")
    sent = filled(read_forms(PAGE)[0], temper, "de")
    assert sent["seen"] == ["QID1", "QID4"]
    assert sent["company"] == [""]  # the field that people do not see stays empty
    assert sent["QID1"][0] in ("1", "2")
    assert sent["intent"] == ["answer"]
    assert sent == filled(read_forms(PAGE)[0], temper, "de")


def test_people_differ_and_stay_the_same() -> None:
    tempers = [temper_of(7, f"p{number}@acme.example", "x") for number in range(2_000)]
    assert tempers == [temper_of(7, f"p{number}@acme.example", "x") for number in range(2_000)]
    willing = sum(temper.willing for temper in tempers)
    assert 1_100 < willing < 1_400
    waits = sorted(temper.after for temper in tempers)
    assert 200 < waits[1_000] < 280  # half of them have looked after about four minutes
    choices = [temper.choose(0, ["1", "2", "3", "4", "5"]) for temper in tempers]
    assert max(set(choices), key=choices.count) == "2"
    comments = {temper.comment("ar") for temper in tempers}
    assert "" in comments
    assert all("\u0600" <= text[0] <= "\u06ff" for text in comments - {""})
