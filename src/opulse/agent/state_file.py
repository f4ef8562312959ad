"""What the agent must still know after a restart: the number of its last batch, its last plan, and which questions it showed."""

from __future__ import annotations

import logging
import os
from datetime import datetime
from pathlib import Path

import msgspec

from opulse.agent.plan import AgentPlan
from opulse.agent.prompts import PromptNote

LEAP = 2**31
"""Added when the server knows a higher number than we do: the file was lost, and the clock was once far ahead."""

log = logging.getLogger("opulse.agent")


class _Kept(msgspec.Struct):
    seq: int
    plan: AgentPlan | None = None
    prompts: dict[str, PromptNote] = {}


class AgentMemory:
    """The state file. Batch numbers never go backwards, not even when the file is lost: a new one starts at the time."""

    def __init__(self, path: Path, now: datetime) -> None:
        """Reads ``path`` or starts anew.

        Raises:
            OSError: the file cannot be written.
        """
        self._path = path
        kept = _read(path)
        self._kept = _Kept(max(kept.seq, int(now.timestamp())), kept.plan, kept.prompts)
        path.parent.mkdir(parents=True, exist_ok=True)
        self._save()

    @property
    def plan(self) -> AgentPlan | None:
        """The last plan, so that an agent that starts offline knows what to evaluate."""
        return self._kept.plan

    def keep_plan(self, plan: AgentPlan) -> None:
        self._kept.plan = plan
        self._save()

    @property
    def prompts(self) -> dict[str, PromptNote]:
        """What was shown on the desktops of this machine, by the prompt's id; :meth:`keep_prompts` writes it down."""
        return self._kept.prompts

    def keep_prompts(self) -> None:
        """Raises ``OSError``."""
        self._save()

    def next_seq(self) -> int:
        """The number of the next batch; it is on the disk before anybody can send it. Raises ``OSError``."""
        self._kept.seq += 1
        self._save()
        return self._kept.seq

    def leap(self) -> None:
        """Go far ahead: the server has seen a higher number."""
        self._kept.seq += LEAP

    def _save(self) -> None:
        beside = self._path.with_name(self._path.name + ".new")
        with beside.open("wb") as opened:
            opened.write(msgspec.json.encode(self._kept))
            opened.flush()
            os.fsync(opened.fileno())
        beside.replace(self._path)


def _read(path: Path) -> _Kept:
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Kept)
    except FileNotFoundError:
        return _Kept(seq=0)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        log.warning("state file %s cannot be read (%s): starting anew", path, error)
        return _Kept(seq=0)
