"""What is the same in every test and costs much: made once per process. It was a quarter of the suite's time."""

from __future__ import annotations

from functools import cache, partial

import httpcore2
from jinja2 import Environment
from jinja2.bccache import Bucket, BytecodeCache

from opulse.web import layout
from tests.servers import opulse
from tests.servers.forked import ForkedServer


class _Compiled(BytecodeCache):
    """Compiled templates, by name and source: thousands of tests build an application, all from the same templates."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if (code := self._kept.get((bucket.key, bucket.checksum))) is not None:
            bucket.bytecode_from_string(code)

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._kept[bucket.key, bucket.checksum] = bucket.bytecode_to_string()


def compile_templates_once() -> None:
    layout.Environment = partial(Environment, bytecode_cache=_Compiled())  # type: ignore[attr-defined,assignment]


def read_certificates_once() -> None:
    """Every HTTP client reads the system's certificates; no test of ours reaches a host that has one of them."""
    httpcore2.default_ssl_context = cache(httpcore2.default_ssl_context)


def import_the_product_once() -> None:
    """``opulse serve`` and ``opulse work`` are forked from a process that has imported them; journeys start the real command."""
    opulse.LAUNCH = ForkedServer
