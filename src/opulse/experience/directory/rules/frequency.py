"""Which contact frequency rules hold for one sending. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from opulse.experience.directory.models import FrequencyRule, RuleScope

_PRECEDENCE = {RuleScope.SURVEY: 0, RuleScope.LIST: 1, RuleScope.DIRECTORY: 2}


def rules_for(rules: Iterable[FrequencyRule], *, survey: str, list_id: str) -> list[FrequencyRule]:
    """The rules of a directory that hold for a sending of ``survey`` to ``list_id`` (empty: to no list).

    Per kind of rule the survey's take the place of the list's, and these of the directory's (qualtrics-product.md 7.5 and 13.11).
    Several of one scope all hold, so the strictest decides.
    """
    targets = {RuleScope.SURVEY: survey, RuleScope.LIST: list_id}
    fitting = [one for one in rules if one.scope is RuleScope.DIRECTORY or one.target == targets[one.scope]]
    narrowest = {
        kind: min(_PRECEDENCE[one.scope] for one in fitting if one.kind is kind)
        for kind in {one.kind for one in fitting}
    }
    return [one for one in fitting if _PRECEDENCE[one.scope] == narrowest[one.kind]]
