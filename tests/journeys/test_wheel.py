"""The wheel carries all that it needs: installed without Node and without this checkout, it is set up, serves and signs in."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from zipfile import ZipFile

import httpx2
import pytest

from tests.docs.locked import build_wheel, install, make_environment
from tests.house.tree import SOURCE, tracked_files
from tests.servers.processes import Server

BUILT = SOURCE / "web" / "static" / "dist"
EMAIL = "admin@example.org"
_ADDRESS = re.compile(r"listens on (http://\S+)")
_PASSWORD = re.compile(r"Password:\s+(\S+)")
_LINKED = re.compile(r'(?:href|src)="(/static/[^"#]+)')


@dataclass(frozen=True)
class Installed:
    """Programs of the clean environment, a folder to run in, and what programs see of this machine."""

    programs: Path
    folder: Path
    environment: dict[str, str]

    def run(self, *command: str | Path) -> str:
        done = subprocess.run(
            command, cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    folder = tmp_path_factory.mktemp("clean")
    programs = make_environment(folder / "environment")
    install(programs, wheel)
    return Installed(programs, folder, {"PATH": str(programs), "HOME": str(folder), "LANG": "C.UTF-8"})


@pytest.fixture(scope="module")
def set_up(installed: Installed) -> str:
    """What ``opulse init`` printed."""
    return installed.run(
        installed.programs / "opulse", "init", "--data", installed.folder / "data", "--email", EMAIL,
        "--public-url", "http://127.0.0.1", "--no-test-mail",
    )  # fmt: skip


@pytest.fixture(scope="module")
def address(installed: Installed, set_up: str) -> Iterator[str]:
    command: list[str | Path] = [
        installed.programs / "opulse",
        "serve",
        "--data",
        installed.folder / "data",
        "--port",
        "0",
    ]
    log = installed.folder / "log"
    server = Server(command, log, cwd=installed.folder, environment=installed.environment)
    server.wait_until(lambda: bool(_ADDRESS.search(log.read_text())), "opulse serve", seconds=60)
    found = _ADDRESS.search(log.read_text())
    assert found is not None
    yield found.group(1)
    server.stop()


def test_the_wheel_holds_what_the_repository_and_the_build_hold(wheel: Path) -> None:
    tracked = {path for path in tracked_files() if path.is_relative_to(SOURCE)}
    built = {path for path in BUILT.rglob("*") if path.is_file()}
    wanted = {str(path.relative_to(SOURCE.parent)) for path in tracked | built}
    with ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert held == wanted


def test_the_wheel_holds_the_built_assets_and_every_kind_of_data(wheel: Path) -> None:
    with ZipFile(wheel) as archive:
        names = archive.namelist()
        manifest = json.loads(archive.read("opulse/web/static/dist/manifest.json"))
    for file in manifest["files"].values():
        assert f"opulse/web/static/dist/{file}" in names
    for end in (
        "templates/layout.html",
        "/kits/",
        "migrations/versions/",
        "py.typed",
        "dist-info/licenses/LICENSE",
    ):
        assert any(end in name for name in names), end


def test_it_runs_without_node_and_without_the_checkout(installed: Installed) -> None:
    assert shutil.which("node", path=installed.environment["PATH"]) is None
    script = "import opulse, sys; from importlib.util import find_spec; print(opulse.__file__, *sys.path, find_spec('pytest'))"
    said = installed.run(installed.programs / "python", "-c", script).split()
    assert said[0].startswith(str(installed.folder))
    assert str(SOURCE.parent) not in said
    assert said[-1] == "None", "only what the lock of the runtime names is there"
    assert "demo" in installed.run(installed.programs / "opulse", "--help")


def test_it_is_set_up_and_serves_its_pages_with_their_assets(set_up: str, address: str) -> None:
    with httpx2.Client(base_url=address, trust_env=False, headers={"Accept": "text/html"}) as browser:
        assert browser.get("/healthz").text == "ok"
        assert browser.get("/readyz").json()["database"] == "ok"
        page = browser.get("/sign-in")
        assert page.status_code == httpx2.codes.OK
        linked = _LINKED.findall(page.text)
        kinds = {browser.get(one).headers["content-type"].partition(";")[0] for one in linked}
        assert {"text/css", "text/javascript"} <= kinds
        assert all(browser.get(one).status_code == httpx2.codes.OK for one in linked)


def test_the_first_administrator_signs_in_and_sees_the_console(set_up: str, address: str) -> None:
    password = _PASSWORD.search(set_up)
    assert password is not None
    same_site = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin"}
    with httpx2.Client(base_url=address, trust_env=False, headers=same_site) as browser:
        signed_in = browser.post("/sign-in", data={"email": EMAIL, "password": password.group(1)})
        assert signed_in.status_code == httpx2.codes.SEE_OTHER
        for path in ("/", "/notifications", "/sensors", "/admin/tenant"):
            assert browser.get(path).status_code == httpx2.codes.OK, path
