"""The deploy files name what there is: files, stages, commands, options, ports, and everything that the wheel needs."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from configparser import ConfigParser
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
import typer
import yaml

from opulse import __version__
from opulse.cli.main import app as command
from opulse.settings import PREFIX, QUEUES, Settings, load_settings
from tests.edges.matrix.routes import walk
from tests.house.tree import ROOT, tracked_files
from tools.make_reference import application

DEPLOY = ROOT / "deploy"
OPTIONS = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}
Instruction = tuple[str, str]


def instructions() -> list[Instruction]:
    """(word, rest) of every instruction of the Dockerfile."""
    text = re.sub(r"^#.*\n", "", (DEPLOY / "Dockerfile").read_text(encoding="utf-8"), flags=re.MULTILINE)
    joined = re.sub(r"\\\n\s*", " ", text)
    lines = (line.strip() for line in joined.splitlines())
    return [(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in lines if line)]


def copied(stage: str) -> Iterator[tuple[str, str, str]]:
    """(from stage or empty, source, target) of every COPY of a stage; the last stage is called ''."""
    current = ""
    for word, rest in instructions():
        if word == "FROM":
            current = rest.partition(" AS ")[2]
        elif word == "COPY" and current == stage:
            parts = shlex.split(rest)
            origin = parts.pop(0).partition("=")[2] if parts[0].startswith("--from=") else ""
            yield from ((origin, source, parts[-1]) for source in parts[:-1])


def stages() -> list[str]:
    return [rest.partition(" AS ")[2] for word, rest in instructions() if word == "FROM"]


def is_sent(path: str) -> bool:
    """Whether the build is given this file: the last rule of .dockerignore that meets it or a folder above it decides."""
    names = [str(path), *(str(folder) for folder in PurePosixPath(path).parents)][:-1]
    sent = True
    for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines():
        rule = line.removeprefix("!")
        if not rule or rule.startswith("#"):
            continue
        anywhere = rule.removeprefix("**/")
        if any(
            fnmatch(one, rule) or (rule != anywhere and fnmatch(Path(one).name, anywhere)) for one in names
        ):
            sent = line.startswith("!")
    return sent


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="module")
def scaled() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.scale.yaml").read_text(encoding="utf-8"))
    return found


@pytest.fixture(params=["opulse.service", "opulse-web.service", "opulse-work@.service"])
def unit(request: pytest.FixtureRequest) -> dict[str, dict[str, str]]:
    parser = ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(DEPLOY / request.param, encoding="utf-8")
    return {name: dict(parser[name]) for name in parser.sections()}


def test_the_image_copies_files_that_exist_and_are_sent() -> None:
    names = stages()
    for stage in names:
        for origin, source, _ in copied(stage):
            if origin:
                assert origin in names, source
            else:
                assert (ROOT / source).exists(), source
                assert is_sent(source), source


def test_the_build_is_sent_no_data_no_keys_and_no_environment() -> None:
    for path in (
        ".git/config",
        ".venv/bin/python",
        ".opulse/demo/keys.json",
        "deploy/opulse.env",
        "node_modules/x/y.js",
    ):
        assert not is_sent(path), path
    assert not is_sent("src/opulse/__pycache__/settings.cpython-311.pyc")
    kept = [str(path.relative_to(ROOT)) for path in tracked_files() if path.is_relative_to(ROOT / "src")]
    assert [path for path in kept if not is_sent(path)] == []


def test_the_image_installs_locked_packages_only() -> None:
    installs = [rest for word, rest in instructions() if word == "RUN" and "pip install" in rest]
    assert len(installs) == 3
    assert all("--require-hashes -r " in one or "--no-deps" in one for one in installs)
    assert any("npm ci --ignore-scripts" in rest for _, rest in instructions())


def test_base_images_name_no_registry() -> None:
    images = [rest.split()[0] for word, rest in instructions() if word == "FROM"]
    assert [image for image in images if "/" in image] == []


def test_the_image_runs_our_command_as_nobody_special(compose: dict[str, Any]) -> None:
    said = dict(instructions())
    assert json.loads(said["ENTRYPOINT"]) == ["opulse"]
    verb = json.loads(said["CMD"])
    assert verb == compose["services"]["opulse"]["command"]
    assert verb[0] in typer.main.get_command(command).commands  # type: ignore[attr-defined]
    assert said["USER"] not in ("root", "0")


def test_the_health_check_asks_a_route_that_is_open() -> None:
    health = next(rest for word, rest in instructions() if word == "HEALTHCHECK")
    (address,) = re.findall(r"http://127\.0\.0\.1:(\d+)(/\w+)", health)
    assert address[0] == dict(instructions())["EXPOSE"]
    assert [route.is_open for route in walk(application()) if route.path == address[1]] == [True]


def test_compose_and_image_agree(compose: dict[str, Any]) -> None:
    service = compose["services"]["opulse"]
    context = (DEPLOY / service["build"]["context"]).resolve()
    assert context == ROOT
    assert (context / service["build"]["dockerfile"]).is_file()
    assert service["image"] == f"opulse:{__version__}"
    given = service["environment"]
    assert set(given) <= OPTIONS
    assert service["ports"] == [f"127.0.0.1:8080:{given['OPULSE_PORT']}"]
    (mount,) = service["volumes"]
    volume, _, place = mount.partition(":")
    assert volume in compose["volumes"]
    assert place == given["OPULSE_DATA"] == dict(instructions())["VOLUME"]


def test_every_process_of_the_scaled_one_runs_a_verb_with_options_that_exist(scaled: dict[str, Any]) -> None:
    ours = {name: one for name, one in scaled["services"].items() if one["image"] == f"opulse:{__version__}"}
    assert len(ours) == 3
    worked_on: list[str] = []
    for name, service in ours.items():
        verb, *words = service["command"]
        known = typer.main.get_command(command).commands[verb].params  # type: ignore[attr-defined]
        assert {word for word in words if word.startswith("--")} <= {
            option for one in known for option in one.opts
        }, name
        assert set(service["environment"]) <= OPTIONS, name
        worked_on += load_settings(queues=words[words.index("--queues") + 1]).queues
        if verb == "work":
            told = words[words.index("--port") + 1]
            assert told == dict(instructions())["EXPOSE"], "the image asks there whether it is healthy"
    assert sorted(worked_on) == sorted(QUEUES), "each kind of work is done, by one kind of process"


def test_the_scaled_one_has_three_nats_servers_that_know_each_other(scaled: dict[str, Any]) -> None:
    servers = {name: one for name, one in scaled["services"].items() if name.startswith("nats-")}
    url = scaled["services"]["web"]["environment"]["OPULSE_NATS_URL"]
    assert load_settings(nats_url=url).nats_servers == tuple(f"nats://{name}:4222" for name in servers)
    assert len(servers) == 3
    for name, service in servers.items():
        words = service["command"]
        assert words[words.index("-n") + 1] == name
        routes = words[words.index("--routes") + 1].split(",")
        assert sorted(routes) == [f"nats://{other}:6222" for other in sorted(servers) if other != name]
        assert service["volumes"] == [f"{name}:/data"]
        assert name in scaled["volumes"]


def test_the_scaled_one_names_no_registry(scaled: dict[str, Any]) -> None:
    assert [one["image"] for one in scaled["services"].values() if "/" in one["image"]] == []


def test_the_example_of_options_has_only_options_that_exist(compose: dict[str, Any]) -> None:
    example = (DEPLOY / "opulse.env.example").read_text(encoding="utf-8")
    named = re.findall(r"^(?:# )?([A-Z]\w+)=(.*)$", example, re.MULTILINE)
    assert {name for name, _ in named} <= OPTIONS
    assert not any(value.startswith(('"', "'")) for _, value in named)
    (file,) = compose["services"]["opulse"]["env_file"]
    assert f"{file['path']}.example" in {path.name for path in DEPLOY.iterdir()}
    assert file["path"] in (DEPLOY / ".gitignore").read_text(encoding="utf-8").split()


def test_the_unit_runs_a_verb_with_options_that_exist(unit: dict[str, dict[str, str]]) -> None:
    service = unit["Service"]
    program, verb, *rest = shlex.split(service["ExecStart"])
    assert Path(program).name == "opulse"
    known = typer.main.get_command(command).commands[verb].params  # type: ignore[attr-defined]
    assert {word for word in rest if word.startswith("--")} <= {name for one in known for name in one.opts}
    assert rest[rest.index("--data") + 1] == f"/var/lib/{service['StateDirectory']}"
    assert service["User"] == "opulse"


def test_the_unit_is_hardened(unit: dict[str, dict[str, str]]) -> None:
    service = unit["Service"]
    for key in (
        "NoNewPrivileges",
        "PrivateDevices",
        "PrivateTmp",
        "ProtectHome",
        "ProtectKernelTunables",
        "RestrictSUIDSGID",
        "MemoryDenyWriteExecute",
    ):
        assert service[key] == "yes", key
    assert service["ProtectSystem"] == "strict"
    assert service["CapabilityBoundingSet"] == ""
