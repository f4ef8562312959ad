"""A document read: its data, and for each place the line where it stands. Only plain YAML: no tags, references or merge keys."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from opulse.pulses.configuration.models import HEADER, MOST_BYTES, VERSION, ImportRefused, Mend

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DEEPEST = 40
_YAML = "tag:yaml.org,2002:"
_STR = f"{_YAML}str"
_SIMPLE = {f"{_YAML}{kind}" for kind in ("int", "float", "bool", "null")}
_KINDS = {"map", "seq", "str", "int", "float", "bool", "null", "timestamp", "merge", "value"}

Path = tuple[str, ...]


@dataclass(frozen=True)
class Document:
    """``sections``: name → key → data. ``lines``: path → line, counted from 1."""

    sections: Mapping[str, Mapping[str, Any]]
    lines: Mapping[Path, int]

    def line_of(self, path: Path) -> int:
        """The line of the place, or of the nearest one above it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 0)


def read_document(text: str) -> Document:
    """The data of a document.

    Raises:
        ImportRefused: it is no such document; each mend names its line.
    """
    if len(text) > MOST_BYTES:
        raise ImportRefused((Mend(0, "", f"A document has at most {MOST_BYTES:,} characters."),))
    root = _compose(text)
    reader = _Reader()
    data = reader.read(root, ()) if root is not None else {}
    if not reader.mends:
        _check_header(data, reader)
    if reader.mends:
        raise ImportRefused(tuple(reader.mends))
    return Document({name: data[name] for name in data if name != HEADER}, reader.lines)


def _compose(text: str) -> Any:
    """The tree of nodes. References are refused before it is built: nested ones turn a page into more than memory holds."""
    try:
        for event in yaml.parse(text, Loader=_Loader):
            if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
                line = _line_of(event.start_mark)
                raise ImportRefused((Mend(line, "", "References (& and *) are not read; write it out."),))
        return yaml.compose(text, Loader=_Loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = _line_of(mark)
        problem = getattr(error, "problem", None) or "a character that YAML does not allow"
        raise ImportRefused((Mend(line, "", f"This is not YAML: {problem}."),)) from error
    except RecursionError as error:
        raise ImportRefused((Mend(0, "", "It is nested too deeply."),)) from error


def _line_of(mark: Any) -> int:
    return 0 if mark is None else int(mark.line) + 1


class _Reader:
    def __init__(self) -> None:
        self.lines: dict[Path, int] = {}
        self.mends: list[Mend] = []

    def read(self, node: Any, path: Path) -> Any:
        self.lines.setdefault(path, node.start_mark.line + 1)
        if len(path) > _DEEPEST:
            return self._refuse(node, path, "It is nested too deeply.")
        if node.tag.removeprefix(_YAML) not in _KINDS:
            return self._refuse(node, path, f"The tag {node.tag} is not read here; write plain text.")
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.read(one, (*path, str(number))) for number, one in enumerate(node.value)]
        return self._scalar(node, path)

    def _mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode) or (key.tag != _STR and key.value == "<<"):
                self._refuse(key, path, "A name is a text.")
                continue
            name = key.value  # as it is written: a sensor called 7 or No is called so
            if name in found:
                self._refuse(key, (*path, name), f"{name!r} stands here twice.")
            self.lines[(*path, name)] = key.start_mark.line + 1
            found[name] = self.read(value, (*path, name))
        return found

    def _scalar(self, node: Any, path: Path) -> Any:
        if node.tag in _SIMPLE:
            try:
                value = _constructed(node)
            except ValueError:
                return str(node.value)
            # 08:30 is a time and no number of minutes; what JSON cannot say is no value of ours
            if ":" in node.value or (isinstance(value, float) and not math.isfinite(value)):
                return str(node.value)
            return value
        return str(node.value)

    def _refuse(self, node: Any, path: Path, text: str) -> None:
        self.mends.append(Mend(node.start_mark.line + 1, "/".join(path), text))


def _constructed(node: yaml.ScalarNode) -> Any:
    return yaml.constructor.SafeConstructor().construct_object(node)


def _check_header(data: Any, reader: _Reader) -> None:
    if not isinstance(data, dict) or HEADER not in data:
        text = f"A configuration begins with `{HEADER}: {VERSION}`."
        reader.mends.append(Mend(1, "", text))
        return
    if data[HEADER] != VERSION:
        text = f"This installation reads version {VERSION}; export it anew, or import it where it came from."
        reader.mends.append(Mend(reader.lines[HEADER,], HEADER, text))
    for name, entries in data.items():
        if name == HEADER or isinstance(entries, dict):
            continue
        if entries is None:  # a section with nothing under it
            data[name] = {}
        else:
            text = "A section is a list of names, each with what it is."
            reader.mends.append(Mend(reader.lines[name,], name, text))
