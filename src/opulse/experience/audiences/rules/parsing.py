"""Read the rule of a segment: ``language = de and (data.site in (Oslo, Bergen) or not lastAsked within 30 days)``. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import NoReturn, TypeVar

from opulse.experience.audiences.models import (
    CHARACTERS_MAX,
    DEPTH_MAX,
    TERMS_MAX,
    AllOf,
    AnyOf,
    Attribute,
    Counted,
    How,
    Moment,
    Never,
    Not,
    OfData,
    OfText,
    OnList,
    RuleUnreadable,
    Since,
    Subscribed,
    Tally,
    Term,
    Within,
)
from opulse.experience.audiences.rules.words import Token, split_words
from opulse.experience.directory.models import Declared, FieldKind
from opulse.experience.directory.rules import ValueRefused, read_value

MEANINGS: Mapping[str, str] = {
    "firstName, lastName, email, emailDomain, extRef, phone, language, timeZone": "Contact data, as texts.",
    "data.NAME": 'Embedded data. A name with spaces stands in quotation marks: data."cost centre".',
    "subscribed": "yes: not opted out of the directory; no: opted out.",
    "list": "On this list, by name or id, and not opted out of it.",
    "added, changed, lastAsked, lastAnswered": "Times: within 30 days, before 2026-11-01, after 2026-11-01, = never.",
    "asked, answered": "How many invitations and recorded answers: answered >= 1.",
}
"""What a rule can ask, for people."""

_UNITS = {"minute": 60, "hour": 3_600, "day": 86_400, "week": 604_800}
_AGE_MAX = timedelta(days=36_500)


def read_rule(text: str, declared: Declared) -> Term:
    """The rule's tree.

    Args:
        declared: types of embedded data; only numbers and dates have an order.

    Raises:
        RuleUnreadable: the text is no rule.
    """
    if len(text) > CHARACTERS_MAX:
        raise RuleUnreadable(f"A rule has at most {CHARACTERS_MAX:,} characters.")
    parser = _Parser(split_words(text), declared)
    return parser.read()


_Kind = TypeVar("_Kind", Attribute, Moment, Tally)


def _named(kind: type[_Kind], name: str) -> _Kind | None:
    return next((member for member in kind if member.value.lower() == name), None)


class _Parser:
    """Recursive descent: or, and, not, parentheses, comparisons."""

    def __init__(self, tokens: list[Token], declared: Declared) -> None:
        self._tokens, self._declared = tokens, declared
        self._place = self._terms = self._depth = 0

    def read(self) -> Term:
        term = self._any()
        if not self._now.end:
            self._fail("and, or, or the end")
        return term

    @property
    def _now(self) -> Token:
        return self._tokens[self._place]

    def _next(self) -> Token:
        token = self._now
        self._place += 0 if token.end else 1
        return token

    def _says(self, *words: str) -> bool:
        return not self._now.quoted and not self._now.end and self._now.text.lower() in words

    def _fail(self, expected: str) -> NoReturn:
        found = "the end" if self._now.end else f"“{self._now.text[:40]}”"
        raise RuleUnreadable(f"At character {self._now.at}: expected {expected}, found {found}.")

    def _any(self) -> Term:
        terms = [self._all()]
        while self._says("or"):
            self._next()
            terms.append(self._all())
        return terms[0] if len(terms) == 1 else AnyOf(tuple(terms))

    def _all(self) -> Term:
        terms = [self._one()]
        while self._says("and"):
            self._next()
            terms.append(self._one())
        return terms[0] if len(terms) == 1 else AllOf(tuple(terms))

    def _one(self) -> Term:
        self._depth += 1
        if self._depth > DEPTH_MAX:
            raise RuleUnreadable(
                f"At character {self._now.at}: more than {DEPTH_MAX} parentheses inside each other."
            )
        try:
            if self._says("not"):
                self._next()
                return Not(self._one())
            if self._says("("):
                self._next()
                term = self._any()
                if not self._says(")"):
                    self._fail("a closing )")
                self._next()
                return term
            return self._comparison()
        finally:
            self._depth -= 1

    def _comparison(self) -> Term:
        self._terms += 1
        if self._terms > TERMS_MAX:
            raise RuleUnreadable(f"A rule has at most {TERMS_MAX} comparisons.")
        word = self._now
        if word.end or word.quoted or word.text in "=<>(),":
            self._fail("a field")
        name = word.text.lower()
        if name.startswith("data.") and len(name) > len("data."):
            self._next()
            return self._of_data(word)
        if (attribute := _named(Attribute, name)) is not None:
            self._next()
            return self._of_text(attribute)
        if (moment := _named(Moment, name)) is not None:
            self._next()
            return self._of_moment(moment)
        if (tally := _named(Tally, name)) is not None:
            self._next()
            return self._of_tally(tally)
        if name == "subscribed":
            self._next()
            return self._of_subscription()
        if name == "list":
            self._next()
            negated, values = self._equal()
            return Not(OnList(values)) if negated else OnList(values)
        return self._fail("a field: " + "; ".join(MEANINGS))

    def _of_text(self, attribute: Attribute) -> Term:
        negated, how, values = self._text_condition()
        term = OfText(attribute, how, values)
        return Not(term) if negated else term

    def _of_data(self, word: Token) -> Term:
        name = word.text[len("data.") :].strip('"').replace('\\"', '"')
        if any(mark in name for mark in '"\\'):
            raise RuleUnreadable(f"At character {word.at}: no field has this name.")
        field = self._declared.get(name.casefold())
        name = field.name if field else name
        kind = field.kind if field else FieldKind.TEXT
        if self._says("<", "<=", ">", ">="):
            how = How(self._next().text)
            if kind not in (FieldKind.NUMBER, FieldKind.DATE):
                raise RuleUnreadable(
                    f"At character {word.at}: {name} has no order; declare it as a number or a date."
                )
            value = self._value()
            return OfData(name, how, (self._typed(kind, value, word),), kind is FieldKind.NUMBER)
        negated, how, values = self._text_condition()
        if how is How.EQUALS and kind in (FieldKind.NUMBER, FieldKind.DATE, FieldKind.BOOLEAN):
            values = tuple(self._typed(kind, value, word) if value else "" for value in values)
        term = OfData(name, how, values, kind is FieldKind.NUMBER and how is How.EQUALS and "" not in values)
        return Not(term) if negated else term

    def _typed(self, kind: FieldKind, value: str, word: Token) -> str:
        try:
            read = read_value(kind, value)
        except ValueRefused as error:
            raise RuleUnreadable(f"At character {word.at}: {error}.") from error
        return str(read).lower() if isinstance(read, bool) else str(read)

    def _of_moment(self, moment: Moment) -> Term:
        if self._says("within"):
            self._next()
            return Within(moment, self._age())
        if self._says("before", "after"):
            behind = self._next().text.lower() == "after"
            return Since(moment, behind, self._date())
        negated, values = self._equal()
        if tuple(value.lower() for value in values) != ("never",):
            self._fail("within, before, after or = never")
        return Not(Never(moment)) if negated else Never(moment)

    def _of_tally(self, tally: Tally) -> Term:
        if not self._says("=", "!=", "<", "<=", ">", ">="):
            self._fail("= != < <= > or >=")
        sign = self._next().text
        number = self._value()
        if not number.isdigit() or len(number) > 9:
            self._fail("a whole number")
        term = Counted(tally, How.EQUALS if sign == "!=" else How(sign), int(number))
        return Not(term) if sign == "!=" else term

    def _of_subscription(self) -> Term:
        negated, values = self._equal()
        word = values[0].lower()
        if len(values) != 1 or word not in ("yes", "no", "true", "false"):
            self._fail("yes or no")
        return Subscribed((word in ("yes", "true")) is not negated)

    def _text_condition(self) -> tuple[bool, How, tuple[str, ...]]:
        for how in (How.CONTAINS, How.STARTS, How.ENDS):
            if self._says(how.value.lower()):
                self._next()
                return False, how, (self._value(),)
        negated, values = self._equal()
        return negated, How.EQUALS, values

    def _equal(self) -> tuple[bool, tuple[str, ...]]:
        """``= x``, ``!= x`` or ``in (x, y)``."""
        if self._says("in"):
            self._next()
            return False, self._listed()
        if not self._says("=", "!="):
            self._fail("= != in, contains, startsWith or endsWith")
        return self._next().text == "!=", (self._value(),)

    def _listed(self) -> tuple[str, ...]:
        if not self._says("("):
            self._fail("( and values")
        self._next()
        values = [self._value()]
        while self._says(","):
            self._next()
            values.append(self._value())
        if not self._says(")"):
            self._fail("a comma or a closing )")
        self._next()
        return tuple(values)

    def _value(self) -> str:
        if self._now.end or (
            not self._now.quoted and self._now.text in ("=", "<", ">", "<=", ">=", "(", ")", ",")
        ):
            self._fail("a value")
        return self._next().text

    def _age(self) -> timedelta:
        number = self._value()
        unit = "" if self._now.end else self._now.text.lower().rstrip("s")
        if not number.isdigit() or len(number) > 6 or unit not in _UNITS:
            self._fail("an age such as 30 days")
        self._next()
        return min(timedelta(seconds=int(number) * _UNITS[unit]), _AGE_MAX)

    def _date(self) -> datetime:
        text = self._value()
        try:
            at = datetime.fromisoformat(text)
        except ValueError:
            self._fail("a date such as 2026-11-29")
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
