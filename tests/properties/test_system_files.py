"""Files of systems in pieces of any size give the records that are in them."""

from __future__ import annotations

import base64
import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from opulse.monitoring.systems.models import FileFormat, FileUnreadable
from opulse.monitoring.systems.rules.imports import PageReader, Record, ends_entry, read_records
from opulse.wire.table_steps import StepCutter

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
OBJECT = st.dictionaries(
    TEXT,
    st.recursive(st.none() | st.booleans() | st.integers() | TEXT, lambda inner: st.lists(inner, max_size=3)),
    max_size=4,
)
SIZE = st.integers(1, 400)


def read(data: bytes, size: int) -> list[Any]:
    reader = PageReader()
    lines = b"".join(reader.take(data[at : at + size]) for at in range(0, len(data), size))
    lines += reader.take(b"", last=True)
    return [json.loads(line) for line in lines.split(b"\n") if line]


@given(st.lists(st.lists(OBJECT, max_size=5), max_size=4), SIZE, st.sampled_from([None, 1]), st.booleans())
def test_pages_and_arrays_give_their_objects(
    pages: list[list[dict[str, Any]]], size: int, indent: int | None, pretty: bool
) -> None:
    head: dict[str, Any] = (
        {"@odata.context": 'https://x/$metadata#"users"', "@odata.count": 7} if pretty else {}
    )
    tail = {"@odata.nextLink": "https://x/?$skiptoken=]}"} if pretty else {}
    as_pages = "\n".join(json.dumps(head | {"value": page} | tail, indent=indent) for page in pages)
    expected = [one for page in pages for one in page]
    assert read(as_pages.encode(), size) == expected
    assert read("".join(json.dumps(page) for page in pages).encode(), size) == expected
    assert read(b"\xef\xbb\xbf" + json.dumps(expected, indent=indent).encode(), size) == expected


@given(
    st.lists(
        OBJECT.filter(
            lambda one: not {"value"} & set(one) and not any(key.startswith("@odata") for key in one)
        ),
        min_size=1,
    ),
    SIZE,
)
def test_objects_one_after_the_other_are_read(objects: list[dict[str, Any]], size: int) -> None:
    assert read("".join(json.dumps(one) for one in objects).encode(), size) == objects


@given(st.binary(max_size=200) | st.text('[]{},:"\\a1 \n', max_size=60).map(str.encode), SIZE)
def test_whatever_arrives_is_read_or_refused(data: bytes, size: int) -> None:
    try:
        assert all(isinstance(one, dict) for one in read(data, size))
    except FileUnreadable as error:
        assert str(error).endswith(".")


NAMES = st.sampled_from(["cn", "mail", "description", "sAMAccountName"])
VALUES = (
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=90)
    .map(str.strip)
    .filter(bool)
)


@given(
    st.lists(st.dictionaries(NAMES, VALUES), min_size=1, max_size=6),
    st.integers(20, 80),
    SIZE,
    st.integers(1, 6),
)
def test_entries_of_ldif_are_read_however_they_are_folded_and_cut(
    entries: list[dict[str, str]], width: int, size: int, lines: int
) -> None:
    text = "version: 1\n\n" + "\n".join(
        "".join(_written(name, value, width) for name, value in {"dn": f"cn={number}", **one}.items())
        for number, one in enumerate(entries)
    )
    cutter = StepCutter(1, lines=lines, ends=ends_entry, quotes=False)
    data = text.encode()
    steps = [
        step for at in range(0, len(data), size) for step in cutter.take(data[at : at + size])
    ] + cutter.end()
    found = [
        record
        for step in steps
        for record in read_records(FileFormat.LDIF, "", step.body.decode(), step.first_line)
    ]
    expected = [
        {"dn": f"cn={number}"} | {name.casefold(): value for name, value in one.items()}
        for number, one in enumerate(entries)
    ]
    assert [record.fields for record in found if isinstance(record, Record)] == expected
    assert [text.split("\n")[record.line - 1] for record in found] == [
        f"dn: cn={number}" for number in range(len(entries))
    ]


def _written(name: str, value: str, width: int) -> str:
    plain = value.isascii() and value[0] not in " :<"
    line = f"{name}: {value}" if plain else f"{name}:: {base64.b64encode(value.encode()).decode()}"
    return "\n ".join(line[at : at + width] for at in range(0, len(line), width)) + "\n"
