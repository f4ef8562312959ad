"""A JSON file of any length as one object per line: an array, or pages ``{"value": [...]}`` of Microsoft Graph, one after the
other. Only the object that is being read is kept."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator

from opulse.monitoring.systems.models import FileUnreadable

_LARGEST = 1_000_000
_HEAD = 64  # characters by which a page is told from an object
_SPACE = re.compile(r"[\s,]*")
_STRING = r'"(?:[^"\\]|\\.)*"'
_PLAIN = rf"(?:{_STRING}|-?[0-9.eE+-]+|true|false|null)"
_PAGE = re.compile(rf'\{{\s*(?:{_STRING}\s*:\s*{_PLAIN}\s*,\s*)*?"value"\s*:\s*\[')
_PAGE_END = re.compile(rf"\]\s*(?:,\s*{_STRING}\s*:\s*{_PLAIN}\s*)*\}}")
_BEGINS_PAGE = re.compile(r'\{\s*"(?:@odata|value")')


class PageReader:
    """Takes the bytes as they arrive and gives the objects as lines of JSON."""

    def __init__(self) -> None:
        self._decode = codecs.getincrementaldecoder("utf-8-sig")()
        self._json = json.JSONDecoder()
        self._text = ""
        self._at = 0
        self._in_page = False
        self._in_array = False

    def take(self, piece: bytes, *, last: bool = False) -> bytes:
        """The objects that ``piece`` completes, one per line.

        Raises:
            FileUnreadable: it is no JSON of this form, or one object is too large.
        """
        try:
            self._text = self._text[self._at :] + self._decode.decode(piece, last)
        except UnicodeDecodeError as error:
            raise FileUnreadable("The file is not in UTF-8.") from error
        self._at = 0
        lines = [json.dumps(one, ensure_ascii=False, separators=(",", ":")) for one in self._objects(last)]
        left = len(self._text) - self._at
        if left > _LARGEST:
            raise FileUnreadable("An object of the file is larger than 1 MB, or the file is no JSON.")
        if last and (left or self._in_array):
            raise FileUnreadable("The file ends in the middle of its JSON.")
        return "".join(line + "\n" for line in lines).encode(errors="replace")

    def _objects(self, last: bool) -> Iterator[object]:
        while self._skip_blanks():
            if self._in_array and self._text.startswith("]", self._at):
                if not self._leave():
                    return
            elif not self._in_array and self._text.startswith("[", self._at):
                self._in_array, self._at = True, self._at + 1
            elif not self._in_array and self._is_page(last):
                if not self._enter():
                    return
            else:
                read = self._read(last)
                if read is None:
                    return
                yield read

    def _skip_blanks(self) -> bool:
        found = _SPACE.match(self._text, self._at)
        assert found is not None, "it matches nothing as well"
        self._at = found.end()
        return self._at < len(self._text)

    def _is_page(self, last: bool) -> bool:
        """Also while too little is here to tell: then nothing is entered, and more is waited for."""
        short = not last and len(self._text) - self._at < _HEAD
        return short or _BEGINS_PAGE.match(self._text, self._at) is not None

    def _enter(self) -> bool:
        found = _PAGE.match(self._text, self._at)
        if found is None:
            return False
        self._in_array = self._in_page = True
        self._at = found.end()
        return True

    def _leave(self) -> bool:
        end = self._at + 1
        if self._in_page:
            found = _PAGE_END.match(self._text, self._at)
            if found is None:
                return False
            end = found.end()
        self._in_array = self._in_page = False
        self._at = end
        return True

    def _read(self, last: bool) -> object | None:
        """The next object; None: more of it is to come."""
        try:
            read, self._at = self._json.raw_decode(self._text, self._at)
        except RecursionError as error:
            raise FileUnreadable("The JSON is nested too deeply.") from error
        except ValueError as error:
            if last or not self._text.startswith("{", self._at):
                raise FileUnreadable(f"The file is no JSON: {error}.") from error
            return None
        if not isinstance(read, dict):
            raise FileUnreadable("The file is no list of JSON objects.")
        return read
