"""What is the same in every test and costs much: made once per process. It was a quarter of the suite's time."""

from __future__ import annotations

from functools import cache, partial
from typing import Any

import httpcore2
from jinja2 import Environment
from jinja2.bccache import Bucket, BytecodeCache
from sqlalchemy import Engine
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.util import LRUCache

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


def compile_statements_once() -> None:
    """SQLAlchemy keeps the statements that it compiled per engine and dialect; every test opens an engine, and the statements are
    the same. All of a kind share one cache, so all dialects of a kind are told to be equal."""
    kept: LRUCache[Any, Any] = LRUCache(10_000)
    make = Engine.__init__

    def make_with_kept(self: Engine, *words: Any, **named: Any) -> None:
        make(self, *words, **named)
        self._compiled_cache = kept

    Engine.__init__ = make_with_kept  # type: ignore[method-assign]
    for kind in (PGDialect_asyncpg, SQLiteDialect_pysqlite):
        kind.__eq__ = lambda self, other: type(self) is type(other)  # type: ignore[method-assign]
        kind.__hash__ = lambda self: hash(type(self))  # type: ignore[method-assign]


def import_the_product_once() -> None:
    """``opulse serve`` and ``opulse work`` are forked from a process that has imported them; journeys start the real command."""
    opulse.LAUNCH = ForkedServer
