"""``docs/glossary.md`` defines every word that the house agreed on, once."""

from __future__ import annotations

import re

from tests.house.tree import ROOT

WORDS = """
tenant, system, group, sensor, instance, triggered, notification, activation, threshold, dismissed, affected systems,
at activation, currently, recipient, webhook, service account, directory, contact, mailing list, embedded data, `lastAlarm`,
workflow, event, condition, task, run, extension, account, survey, block, question, choice, distribution, individual link,
response, pulse, invitation, delivery, attempt, job, ledger, fatigue rule
"""
TERM = re.compile(r"^\*\*(?P<term>[^*]+)\*\*: (?P<sentence>\S.*(?:\n\S.*)*)", re.MULTILINE)


def _entries() -> list[tuple[str, str]]:
    text = (ROOT / "docs/glossary.md").read_text(encoding="utf-8")
    return [(match["term"], match["sentence"].replace("\n", " ")) for match in TERM.finditer(text)]


def test_every_agreed_word_is_defined() -> None:
    defined = {term for term, _ in _entries()}
    agreed = {word.strip() for word in WORDS.replace("\n", " ").split(",")}
    assert agreed - defined == set()


def test_no_word_is_defined_twice() -> None:
    terms = [term for term, _ in _entries()]
    assert sorted(terms) == sorted(set(terms))


def test_words_stand_in_order_within_their_part() -> None:
    text = (ROOT / "docs/glossary.md").read_text(encoding="utf-8")
    for part in text.split("\n## ")[1:]:
        terms = [match["term"].strip("`").lower() for match in TERM.finditer(part)]
        assert terms == sorted(terms)


def test_a_definition_is_a_sentence_or_leads_to_one() -> None:
    defined = {term for term, _ in _entries()}
    for term, sentence in _entries():
        assert sentence.endswith("."), term
        if sentence.startswith("See *"):
            assert sentence.removeprefix("See *").rstrip("*.") in defined, term
