"""``opulse export config`` and ``opulse import config`` against a running installation."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.world import make_tenant
from tests.servers.opulse import COMMAND, OpulseProcess


@pytest.fixture
def asked(tmp_path: Path) -> Iterator[tuple[str | Path, ...]]:
    data = tmp_path / "installation"
    key = make_tenant(data, database_url="")
    (tmp_path / "key").write_text(key)
    process = OpulseProcess(data, database_url="")
    process.start()
    yield ("--server", process.url, "--key-file", tmp_path / "key")
    process.stop()


def run(*words: str | Path) -> subprocess.CompletedProcess[str]:
    command = [str(COMMAND), *map(str, words)]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=120, stdin=subprocess.DEVNULL
    )


def test_out_edited_looked_at_and_in(asked: tuple[str | Path, ...], tmp_path: Path) -> None:
    file = tmp_path / "configuration.yaml"
    out = run("export", "config", "--out", file, *asked)
    assert (out.returncode, out.stdout) == (0, ""), out.stderr
    text = file.read_text()
    assert run("export", "config", *asked).stdout == text
    same = run("import", "config", file, *asked)
    assert (same.returncode, same.stdout) == (0, "0 added, 0 changed, 0 removed. Nothing differs.\n")

    edited = text.replace("groups: {}", "groups:\n  Berne: {kind: dynamic, rule: 'site = \"Bern\"'}")
    edited = edited.replace("confirm_above: ", "confirm_above: 1")
    file.write_text(edited)
    dry = run("import", "config", file, "--dry-run", *asked)
    assert dry.returncode == 0, dry.stderr
    assert "~ tenant/settings\n    confirm_above: " in dry.stdout
    assert "+ groups/Berne\n" in dry.stdout
    assert dry.stdout.endswith("1 added, 1 changed, 0 removed. Nothing was changed: this was a dry run.\n")
    done = run("import", "config", file, "--json", *asked)
    assert json.loads(done.stdout)["applied"] is True
    assert "Berne" in run("export", "config", *asked).stdout

    file.write_text("opulse_configuration: 1\ngroups: {}\n")
    gone = run("import", "config", file, "--prune", *asked)
    assert gone.stdout == "- groups/Berne\n0 added, 0 changed, 1 removed. All of it was taken.\n"


def test_what_is_to_mend_and_secrets_that_are_missing(asked: tuple[str | Path, ...], tmp_path: Path) -> None:
    file = tmp_path / "configuration.yaml"
    file.write_text("opulse_configuration: 1\ngroups:\n  A: {kind: static, systems: [X]}\n")
    refused = run("import", "config", file, *asked)
    assert refused.returncode == 2
    assert "line 3, groups/A/systems: No system here is called 'X'." in refused.stderr

    file.write_text(
        "opulse_configuration: 1\nrecipients:\n  Desk:\n    type: System\n    connection: Webhook\n    webhook:\n"
        "      url: https://desk.example.org/hook\n      body: '{}'\n"
        "      authentication: {type: Basic Auth, username: a, password: (secret)}\n"
    )
    missing = run("import", "config", file, *asked)
    assert missing.returncode == 2
    path = "recipients/Desk/webhook/authentication/password"
    assert f"? {path}: this secret is not here" in missing.stdout
    secrets = tmp_path / "secrets.yaml"
    secrets.write_text(json.dumps({path: "hush hush"}))
    done = run("import", "config", file, "--secrets-file", secrets, *asked)
    assert (done.returncode, done.stdout.splitlines()[0]) == (0, "+ recipients/Desk"), done.stderr
    assert "hush" not in run("export", "config", *asked).stdout
