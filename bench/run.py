"""Measure: ``python -m bench.run [--quick] [--json] [--only PART,...] [--runs N]``.

A part that fails is said and the rest go on; the exit code is 1 then.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import traceback
from importlib import import_module
from pathlib import Path

from bench import machine, report
from bench.figures import Figure, Scope
from opulse.observe import configure_logs

PARTS = ("ingest", "evaluation", "answers", "events", "directory", "whole_pass", "scale_out")


def main() -> int:
    wanted = _arguments()
    configure_logs("warning", "text")  # flows run in this process too, and stdout is for the result alone
    before = machine.describe()
    figures: list[Figure] = []
    failed: list[str] = []
    for name in wanted.only or PARTS:
        print(f"bench: {name} ...", file=sys.stderr, flush=True)
        try:
            figures += _measure(name, wanted.quick, wanted.runs or (1 if wanted.quick else 3))
        except Exception:
            traceback.print_exc()
            failed.append(name)
    if not wanted.only:
        report.write(figures, before, quick=wanted.quick)
    print(json.dumps(report.as_object(figures)) if wanted.json else report.table(figures))
    if failed:
        print(f"bench: not measured: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def _measure(name: str, quick: bool, runs: int) -> list[Figure]:
    part = import_module(f"bench.parts.{name}")
    dialects = ("sqlite",) if quick else ("sqlite", "postgresql")
    with tempfile.TemporaryDirectory(prefix=f"opulse-bench-{name}-") as folder:
        measured: list[Figure] = asyncio.run(part.measure(Scope(quick, runs, Path(folder), dialects)))
    return measured


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description="Measure every number that the README gives.")
    parser.add_argument("--quick", action="store_true", help="the short form: smaller sizes, one run, SQLite")
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
    parser.add_argument("--only", type=_names, default=(), help=f"of {', '.join(PARTS)}; keeps no results")
    parser.add_argument("--runs", type=int, default=0, help="how often each is measured; the median counts")
    return parser.parse_args()


def _names(text: str) -> tuple[str, ...]:
    names = tuple(text.split(","))
    for name in names:
        if name not in PARTS:
            raise argparse.ArgumentTypeError(f"no part {name!r}; there are {', '.join(PARTS)}")
    return names


if __name__ == "__main__":
    sys.exit(main())
