"""The files that the image copies are enough to build the very wheel that the checkout builds; it wants the built assets."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path, PurePosixPath
from zipfile import ZipFile

from tests.docs.locked import build_wheel
from tests.docs.test_reference_deploy import copied
from tests.house.tree import ROOT


def test_what_the_image_copies_is_enough_for_the_wheel(tmp_path: Path) -> None:
    """The stage `wheel`, done by hand: its files alone, hatchling, and the same contents as the wheel of the checkout."""
    for origin, source, target in copied("wheel"):
        place = ROOT / PurePosixPath(source).relative_to("/build") if origin else ROOT / source
        end = tmp_path / "build" / (f"{target}{source}" if target.endswith("/") else target)
        if place.is_dir():
            shutil.copytree(place, end, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            end.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(place, end)
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path / "dist")]
    subprocess.run(build, cwd=tmp_path / "build", check=True, capture_output=True)
    (made,) = (tmp_path / "dist").glob("*.whl")
    ours = build_wheel(tmp_path / "ours")
    with ZipFile(made) as there, ZipFile(ours) as here:
        assert set(there.namelist()) == set(here.namelist())
