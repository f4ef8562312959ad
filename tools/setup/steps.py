"""What every step of the set-up shares: one line with its time on stderr, and a stamp "done for these contents"."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "setup"


class SetUpError(Exception):
    """A step could not be done. The text is for the person at the terminal, with the command that mends it."""


def say(text: str) -> None:
    print(f"opulse: {text}", file=sys.stderr, flush=True)


@contextmanager
def step(what: str) -> Iterator[None]:
    """Announce ``what``, do it, add how long it took to the same line."""
    print(f"opulse: {what} ... ", end="", file=sys.stderr, flush=True)
    begun = time.monotonic()
    try:
        yield
    except BaseException:
        print("failed", file=sys.stderr, flush=True)
        raise
    print(f"{time.monotonic() - begun:.1f} s", file=sys.stderr, flush=True)


def run(command: Sequence[str | Path], *, env: Mapping[str, str] | None = None, mend: str = "") -> None:
    """Run a program silently in the checkout's root; when it fails, raise with everything it said."""
    try:
        done = subprocess.run(
            [str(part) for part in command],
            cwd=ROOT,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
    except OSError as error:
        raise SetUpError(f"{command[0]} did not start: {error}. {mend}".strip()) from error
    if done.returncode != 0:
        line = " ".join(str(part) for part in command)
        raise SetUpError(
            f"this failed with exit code {done.returncode}: {line}\n{done.stdout.rstrip()}\n{mend}".rstrip()
        )


def digest(paths: Iterable[Path], *extra: str) -> str:
    """A hash over the names and contents of ``paths`` (a folder stands for all files below it) and over ``extra``."""
    total = hashlib.sha256()
    for text in extra:
        total.update(text.encode() + b"\0")
    for path in sorted(_files(paths)):
        total.update(str(path.relative_to(ROOT)).encode() + b"\0")
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from (
                below for below in path.rglob("*") if below.is_file() and "__pycache__" not in below.parts
            )
        elif path.is_file():
            yield path


class Stamp:
    """Remembers, in a small file, for which contents a step was last done."""

    def __init__(self, path: Path, wanted: str) -> None:
        self._path = path
        self._wanted = wanted

    def is_fresh(self) -> bool:
        return self._path.is_file() and self._path.read_text() == self._wanted

    def clear(self) -> None:
        """Called before a step begins, so that a step that is broken off is done again."""
        self._path.unlink(missing_ok=True)

    def write(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.write_text(self._wanted)
