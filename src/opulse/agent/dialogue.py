"""A program that shows a question and waits for the person: started, watched, and ended when the page behind it closes."""

from __future__ import annotations

import queue
import subprocess
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from opulse.agent.prompts import CannotShow

MOST_SECONDS = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Dialogue:
    """A command without a shell, and how to read what it says.

    ``says_shown``: whether its first line, which it prints as soon as it knows, means that the desktop has the question; None: it
    says nothing of it, and is taken as shown when it goes on running for ``patience`` seconds, or ends well within them.
    ``chosen``: the line that it prints when the person wants the page.
    """

    command: Sequence[str]
    environment: dict[str, str]
    chosen: str
    says_shown: Callable[[str], bool] | None
    patience: float


def check_link(link: str) -> None:
    """Only addresses of pages are handed to a browser. Raises :class:`CannotShow`, without the link in its words."""
    if urlsplit(link).scheme not in ("http", "https") or not link.isascii() or not link.isprintable():
        raise CannotShow("what the server sent is no address of a page")


def hold(dialogue: Dialogue, seconds: float, go_on: Callable[[], None]) -> None:
    """Show it; when the person chooses, ``go_on`` is called from a thread of its own. Ended after ``seconds`` at most.

    Raises:
        CannotShow: it could not be started, ended badly, or did not say in time that the desktop has it.
    """
    try:
        program = subprocess.Popen(  # noqa: S603 - no shell; words from the server stand behind `--`
            list(dialogue.command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            env=dialogue.environment,
            start_new_session=True,
        )
    except OSError as error:
        raise CannotShow(f"{dialogue.command[0]}: {error.strerror or error}") from error
    lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(program, lines), name="a question's words", daemon=True).start()
    first = _wait_until_shown(program, lines, dialogue)
    watch = threading.Thread(
        target=_watch,
        args=(program, lines, first, dialogue.chosen, min(seconds, MOST_SECONDS), go_on),
        name="a question",
        daemon=True,
    )
    watch.start()


def _read(program: subprocess.Popen[str], lines: queue.SimpleQueue[str | None]) -> None:
    assert program.stdout is not None
    with program.stdout as said:
        for line in said:
            lines.put(line.strip())
    lines.put(None)


def _wait_until_shown(
    program: subprocess.Popen[str], lines: queue.SimpleQueue[str | None], dialogue: Dialogue
) -> str | None:
    """The first line, if there was one by then."""
    try:
        first = lines.get(timeout=dialogue.patience)
    except queue.Empty:
        if dialogue.says_shown is None:
            return ""
        program.kill()
        _words(program)
        raise CannotShow(f"the desktop did not take it within {dialogue.patience:g} s") from None
    if dialogue.says_shown is None and first is not None:
        return first
    if dialogue.says_shown is not None and first is not None and dialogue.says_shown(first):
        return first
    said = _words(program)
    if program.returncode or dialogue.says_shown is not None:
        raise CannotShow(said or f"{dialogue.command[0]} ended with {program.returncode}")
    return None


def _words(program: subprocess.Popen[str]) -> str:
    """The last line that it complained with; it has ended or is about to."""
    assert program.stderr is not None
    try:
        program.wait(timeout=5)
    except subprocess.TimeoutExpired:
        program.kill()
        program.wait()
    with program.stderr as said:
        lines = [line for line in said.read().splitlines() if line.strip()]
    return " ".join(lines[-1].split())[:200] if lines else ""


def _watch(
    program: subprocess.Popen[str],
    lines: queue.SimpleQueue[str | None],
    first: str | None,
    chosen: str,
    seconds: float,
    go_on: Callable[[], None],
) -> None:
    timer = threading.Timer(max(0.0, seconds), program.kill)
    timer.daemon = True
    timer.start()
    line = first
    while line is not None:
        if line == chosen:
            go_on()
            break
        line = lines.get()
    timer.cancel()
    program.kill()
    _words(program)
