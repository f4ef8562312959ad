"""Build the wheel `opulse-agent` from this tree: ``python -m tools.build_agent_wheel FOLDER``. No network."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PROJECT = ROOT / "deploy" / "agent-wheel"


def build(folder: Path) -> Path:
    """The wheel, in ``folder``. Raises ``subprocess.CalledProcessError`` with hatchling's words on its stderr."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder.resolve())]
    subprocess.run(command, cwd=PROJECT, check=True, stdout=subprocess.DEVNULL)
    return max(folder.glob("opulse_agent-*.whl"), key=lambda wheel: wheel.stat().st_mtime)


if __name__ == "__main__":
    print(build(Path(sys.argv[1])))
