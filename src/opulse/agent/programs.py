"""Programs that are asked for a reading, and looks at files that may never come back."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from collections.abc import Callable
from typing import Any

_TIMEOUT_SECONDS = 10.0


class NotHere(ValueError):
    """This system has no such program, or it does not answer; the message says which."""


def ask(program: str, *words: str, accept: tuple[int, ...] = (0,)) -> str:
    """What the program prints. No shell, in the C locale, and at most ten seconds.

    Raises:
        NotHere: it is not installed, or ends with a code that is not among ``accept``. ``subprocess.TimeoutExpired``.
    """
    path = shutil.which(program)
    if path is None:
        raise NotHere(f"{program} is not installed")
    asked = subprocess.run(  # noqa: S603 - no shell, and words are ours or were checked
        [path, *words],
        capture_output=True,
        text=True,
        errors="replace",
        timeout=_TIMEOUT_SECONDS,
        check=False,
        env={"PATH": os.defpath, "LC_ALL": "C"},
    )
    if asked.returncode not in accept:
        words_of_it = " ".join((asked.stderr or asked.stdout).split())[:160]
        raise NotHere(f"{program} does not answer: {words_of_it or f'it ended with {asked.returncode}'}")
    return asked.stdout


class Patience:
    """Calls that may hang for ever (a dead file server): waits a while, and asks nothing twice while the first still hangs."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._waiting: dict[str, threading.Thread] = {}

    def answers(self, what: str, call: Callable[[], Any]) -> bool:
        """Whether ``call`` came to an end in time, well or with an ``OSError``. ``what`` names it."""
        hanging = self._waiting.get(what)
        if hanging is not None and hanging.is_alive():
            return False
        thread = threading.Thread(target=_quietly, args=(call,), name=f"look at {what}", daemon=True)
        thread.start()
        thread.join(self.seconds)
        self._waiting[what] = thread
        return not thread.is_alive()


def _quietly(call: Callable[[], Any]) -> None:
    try:
        call()
    except OSError:
        return
