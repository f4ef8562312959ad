"""Public Qualtrics clients for tests/clients, each in an environment of its own below build/clients: none shares one with the
product, and what one of them needs never meets what another needs."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from page_assets import find_node
from python_env import OFFLINE, REQUIREMENTS, Installer
from steps import BUILD, ROOT, Stamp, digest, run, step

CLIENTS = ROOT / "build/clients"
NODE = ROOT / "tests/clients/node"
NODE_FILES = ("package.json", "package-lock.json", ".npmrc")


def ensure(installer: Installer) -> None:
    """Every locked set of requirements/clients is installed, and the npm packages of tests/clients/node."""
    for lock in sorted((REQUIREMENTS / "clients").glob("*.txt")):
        _ensure_python(installer, lock)
    _ensure_npm(installer)


def _ensure_python(installer: Installer, lock: Path) -> None:
    home = CLIENTS / lock.stem
    stamp = Stamp(BUILD / f"client-{lock.stem}.stamp", digest([lock], sys.version, str(ROOT)))
    if stamp.is_fresh() and (home / "bin/python").exists():
        return
    stamp.clear()
    with step(f"installing the client {lock.stem} for the suite"):
        shutil.rmtree(home, ignore_errors=True)
        if installer.uv is None:
            run([sys.executable, "-m", "venv", home])
            run([home / "bin/python", "-m", "pip", "install", "--require-hashes", "-r", lock], mend=OFFLINE)
        else:
            run([installer.uv, "venv", "--python", sys.executable, home])
            python = home / "bin/python"
            run([installer.uv, "pip", "sync", "--python", python, "--require-hashes", lock], mend=OFFLINE)
    stamp.write()


def _ensure_npm(installer: Installer) -> None:
    home = CLIENTS / "node"
    stamp = Stamp(BUILD / "client-node.stamp", digest([NODE / name for name in NODE_FILES]))
    if stamp.is_fresh() and (home / "node_modules").is_dir():
        return
    stamp.clear()
    node = find_node(installer)
    with step("installing the client from npm for the suite"):
        home.mkdir(parents=True, exist_ok=True)
        for name in NODE_FILES:
            shutil.copyfile(NODE / name, home / name)
        command = [*node.npm, "ci", "--prefix", home, "--ignore-scripts", "--no-audit", "--no-fund"]
        run(command, env=node.environment(), mend=OFFLINE)
    stamp.write()
