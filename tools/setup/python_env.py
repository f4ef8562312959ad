"""The environment ``.venv``: made by the Python that runs this, filled from the locked sets, with hashes, by uv (or pip)."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from steps import ROOT, SetUpError, Stamp, digest, run, say, step

VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
REQUIREMENTS = ROOT / "requirements"
OFFLINE = "Is a package index within reach? pip's and uv's usual settings (proxy, own index) are respected."


class Installer:
    """Puts locked sets into ``.venv``: uv where its wheel could be installed, else pip. Both check every hash."""

    def __init__(self) -> None:
        self._uv = VENV / "bin" / "uv"

    @property
    def uv(self) -> Path | None:
        """Where uv is; None if its wheel could not be installed."""
        return self._uv if self._uv.exists() else None

    def sync(self, *sets: str) -> None:
        """Make the environment hold these sets; with uv nothing else stays."""
        files = [REQUIREMENTS / f"{name}.txt" for name in sets]
        if self._uv.exists():
            run([self._uv, "pip", "sync", "--python", PYTHON, "--require-hashes", *files], mend=OFFLINE)
        else:
            self.add(*(name for name in sets if name != "bootstrap"))

    def add(self, *sets: str) -> None:
        """Put these sets beside what is there."""
        flags: list[str | Path] = ["--require-hashes"]
        for name in sets:
            flags += ["-r", REQUIREMENTS / f"{name}.txt"]
        run([*self._install(), *flags], mend=OFFLINE)

    def add_checkout(self) -> None:
        """The product itself, editable; its build needs nothing from an index because the set ``build`` is installed."""
        run([*self._install(), "--no-deps", "--no-build-isolation", "--editable", ROOT])

    def _install(self) -> list[str | Path]:
        if self._uv.exists():
            return [self._uv, "pip", "install", "--python", PYTHON]
        return [PYTHON, "-m", "pip", "install", "--disable-pip-version-check"]


def ensure(wanted: str) -> Installer:
    """``.venv`` holds the set ``base`` or ``dev`` (a development environment stays one) and the checkout."""
    _ensure_venv()
    is_dev = VENV / ".opulse-dev"
    chosen = "dev" if wanted == "dev" or is_dev.exists() else "base"
    sets = (chosen, "build", "bootstrap")
    locks = [REQUIREMENTS / f"{name}.txt" for name in sets]
    packages = Stamp(VENV / ".opulse-packages", digest(locks, chosen, sys.version))
    metadata = [ROOT / "pyproject.toml", ROOT / "src/opulse/__init__.py"]
    checkout = Stamp(VENV / ".opulse-checkout", digest(metadata, str(ROOT)))
    installer = Installer()
    if not packages.is_fresh():
        packages.clear()
        checkout.clear()
        _ensure_uv()
        with step(f"installing the locked packages ({chosen})"):
            installer.sync(*sets)
        packages.write()
        if chosen == "dev":
            is_dev.touch()
    if not checkout.is_fresh():
        with step("installing this checkout, editable"):
            installer.add_checkout()
        checkout.write()
    return installer


def _ensure_venv() -> None:
    if _venv_is_usable():
        return
    if VENV.exists():
        shutil.rmtree(VENV)
    with step(f"making .venv with Python {sys.version.split()[0]}"):
        run([sys.executable, "-m", "venv", VENV], mend="Mend: sudo apt install python3-venv")


def _ensure_uv() -> None:
    """uv makes a minute of pip's work three seconds; where there is no wheel of it, pip does."""
    if (VENV / "bin" / "uv").exists():
        return
    try:
        with step("installing uv into .venv"):
            Installer().add("bootstrap")
    except SetUpError as failure:
        say(f"pip goes on alone, slower, because uv could not be installed:\n{failure}")


def _venv_is_usable() -> bool:
    """It is there and was made by a Python of the version that runs this (an upgrade of the system leaves a broken one)."""
    settings = VENV / "pyvenv.cfg"
    if not (settings.is_file() and PYTHON.exists()):
        return False
    version = f"{sys.version_info.major}.{sys.version_info.minor}."
    return any(line.startswith("version") and version in line for line in settings.read_text().splitlines())
