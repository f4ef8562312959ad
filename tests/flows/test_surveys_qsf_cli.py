"""``opulse import qsf`` and ``opulse export qsf`` against a server that runs."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.flows.test_surveys_qsf import FILE
from tests.flows.test_systems_cli import _issue
from tests.servers.opulse import COMMAND, OpulseProcess
from tests.unit.experience.surveys.qsf.files import imported

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(serve: Callable[..., OpulseProcess], tmp_path: Path) -> Run:
    """The command against a server of its own, with an integration key of the tenant."""
    data, key = tmp_path / "installation-1", tmp_path / "key.txt"
    made: list[str | Path] = [
        COMMAND,
        "init",
        "--email",
        "a@example.org",
        "--public-url",
        "http://localhost",
        "--data",
        data,
    ]
    subprocess.run([*made, "--no-test-mail"], check=True, capture_output=True, timeout=120)
    key.write_text(asyncio.run(_issue(data)))
    process = serve()

    def command(*words: str | Path) -> tuple[int, str, str]:
        whole: list[str | Path] = [COMMAND, *words, "--server", process.url, "--key-file", key]
        done = subprocess.run(whole, capture_output=True, text=True, timeout=120)
        return done.returncode, done.stdout, done.stderr

    return command


def test_a_file_goes_there_and_comes_back_the_same(run: Run, tmp_path: Path) -> None:
    file, back = tmp_path / "week.qsf", tmp_path / "back.qsf"
    file.write_bytes(FILE)
    ended, said, problem = run("import", "qsf", file, "--name", "Weekly")
    assert ended == 0, problem
    assert "Weekly: 3 questions, 1 taken, 1 approximated, 1 left. Draft: SV_" in said
    survey = said.rstrip().rstrip(".").rpartition(" ")[2]
    ended, said, problem = run("export", "qsf", survey, "--output", back)
    assert (ended, said.startswith(f"{back}: ")) == (0, True), problem
    assert imported(back.read_bytes()).document == imported(FILE).document
    ended, said, _ = run("import", "qsf", back, "--check", "--json", "--strict")
    assert (ended, json.loads(said)["questions"]) == (0, 2)
    ended, _, problem = run("export", "qsf", "SV_00000000000")
    assert (ended, "404" in problem) == (2, True)
    broken = tmp_path / "broken.qsf"
    broken.write_text("{")
    ended, _, problem = run("import", "qsf", broken)
    assert (ended, "not JSON" in problem) == (2, True)
