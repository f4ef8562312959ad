"""People for a directory: a file of them, and the very rows that it becomes."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from opulse.wire.identifiers import Prefix, new_ids_in_order

_UNIT = 1_900  # rows of an import that are written together
_FIRST = (
    "Maya",
    "Ben",
    "Aylin",
    "Jon",
    "Sofía",
    "Wei",
    "Noor",
    "Ida",
    "Tom",
    "Zoë",
    "Ravi",
    "Eva",
    "Olu",
    "Kai",
)
_LAST = (
    "Schmidt",
    "Smith",
    "Yılmaz",
    "García",
    "Nguyen",
    "Müller",
    "Okafor",
    "Novak",
    "Berg",
    "Rossi",
    "Kim",
    "Silva",
)
_SITES = ("Berlin", "Leeds", "Austin", "Pune", "Osaka", "Lima")
_SECOND = "bcdfghjklmnprstvz"


def people(count: int, seed: int = 3) -> Iterator[tuple[str, str, str, str, str, str]]:
    """(first name, last name, address, external reference, language, site). Names vary as a large company's do."""
    draw = random.Random(seed)  # not a secret: the same people in every run
    for number in range(count):
        first = draw.choice(_FIRST)
        last = f"{draw.choice(_LAST)}{draw.choice(_SECOND)}{draw.choice('aeiou')}"
        yield (
            first,
            last,
            f"{first[:1].lower()}{number}@acme.example.org",
            f"acme\\u{number}",
            "EN",
            draw.choice(_SITES),
        )


def csv_of(count: int) -> Iterator[bytes]:
    """The file, in pieces as a client sends them."""
    yield b"FirstName,LastName,Email,ExternalDataReference,Language,site\n"
    lines: list[str] = []
    for one in people(count):
        lines.append(",".join(one) + "\n")
        if len(lines) == 1_000:
            yield "".join(lines).encode()
            lines.clear()
    yield "".join(lines).encode()


def rows_of(
    count: int, tenant: int, directory: str, now: int, *, as_numbers: bool
) -> Sequence[tuple[Any, ...]]:
    """The same people as rows of ``bench.peers.copy.NAMES``; ``as_numbers``: SQLite's booleans."""
    no: Any = 0 if as_numbers else False
    return [
        (
            tenant,
            number,
            directory,
            first,
            last,
            email,
            email.lower(),
            ref,
            ref.lower(),
            "",
            language,
            "",
            f'{{"site": "{site}"}}',
            no,
            no,
            now,
            now,
        )
        for number, (first, last, email, ref, language, site) in zip(
            _numbers(count), people(count), strict=True
        )
    ]


def _numbers(count: int) -> Iterator[str]:
    """Ids as an import gives them: in order, unit by unit."""
    begin = datetime(2026, 11, 23, tzinfo=UTC)
    for unit, start in enumerate(range(0, count, _UNIT)):
        moment = begin + timedelta(milliseconds=50 * unit)
        yield from new_ids_in_order(Prefix.CONTACT, min(_UNIT, count - start), moment)
