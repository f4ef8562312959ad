"""A document as text: the same data give the same bytes, and reading it gives the same data."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import yaml

from opulse.pulses.configuration.models import HEADER, VERSION

_PLAIN_LINES = re.compile(
    r"(?!\s)[^\x00-\x09\x0b-\x1f\x7f-\xa0\u2028\u2029\ufeff\ud800-\udfff]*\n?", re.DOTALL
)
_BREAKS = re.compile(
    "[\x85\u2028\u2029\ufeff]"
)  # breaks of lines to YAML, which single quotes would not keep
_TRAILING = re.compile(r"[ \t](\n|$)")
_PREFACE = "# The configuration of one tenant of Operational Pulse. No secret and no contact stands in it.\n"


class _Dumper(yaml.SafeDumper):
    """Lists are set in under their names; no references."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    """A text of several lines stands as it is, where YAML gives it back to the letter; else in quotes."""
    as_lines = "\n" in text and _PLAIN_LINES.fullmatch(text) and not _TRAILING.search(text)
    style = "|" if as_lines else '"' if _BREAKS.search(text) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def write_document(sections: Mapping[str, Mapping[str, Any]]) -> str:
    """Section → name → plain values, in the order given."""
    data = {HEADER: VERSION, **{name: dict(entries) for name, entries in sections.items()}}
    return _PREFACE + yaml.dump(
        data,
        Dumper=_Dumper,
        allow_unicode=True,
        sort_keys=False,
        width=float("inf"),
        default_flow_style=False,
    )
