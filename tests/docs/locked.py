"""A clean virtual environment with exactly the locked runtime packages, made without a network.

Its packages are links to those of the environment that runs the tests. Only what the lock names is linked: what the product
needs and the lock forgot is missing there, and so is what only tests need.
"""

from __future__ import annotations

import re
import subprocess
import sys
import venv
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement

from tests.house.tree import ROOT

LOCK = ROOT / "requirements" / "base.txt"
AGENT_LOCK = ROOT / "requirements" / "agent.txt"
_PINNED = re.compile(r"^[A-Za-z0-9][^\\#\n]*", re.MULTILINE)
_OWN = ("bin", "..", "__pycache__")


class NotAsLocked(AssertionError):
    """The environment of the tests differs from the lock; `make test` mends it."""


def make_environment(folder: Path, lock: Path = LOCK) -> Path:
    """A virtual environment in ``folder`` with what ``lock`` names. Returns its folder of programs.

    Raises:
        NotAsLocked: a locked package is missing here, or here in another version.
    """
    venv.create(folder, with_pip=True)
    site = next((folder / "lib").glob("python*/site-packages"))
    for requirement in _locked(lock):
        _link(requirement, site)
    return folder / "bin"


def install(programs: Path, wheel: Path) -> None:
    """As a user does who has the packages already."""
    command: list[str | Path] = [
        programs / "python",
        "-m",
        "pip",
        "install",
        "--no-index",
        "--no-deps",
        "--quiet",
        wheel,
    ]
    subprocess.run(command, check=True)


def build_wheel(folder: Path) -> Path:
    """Build the wheel of this checkout into ``folder``."""
    command: list[str | Path] = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    return wheel


def _locked(lock: Path) -> list[Requirement]:
    """The pinned packages that this machine and Python need."""
    pinned = (Requirement(line.strip()) for line in _PINNED.findall(lock.read_text(encoding="utf-8")))
    return [one for one in pinned if one.marker is None or one.marker.evaluate()]


def _link(requirement: Requirement, site: Path) -> None:
    try:
        here = distribution(requirement.name)
    except PackageNotFoundError:
        raise NotAsLocked(f"{requirement} is locked and not installed") from None
    if not requirement.specifier.contains(here.version):
        raise NotAsLocked(f"{requirement} is locked, {here.version} is installed")
    tops = {file.parts[0] for file in here.files or ()} - set(_OWN)
    for top in tops:
        source, target = Path(str(here.locate_file(top))), site / top
        if source.exists() and not target.exists():
            target.symlink_to(source)
