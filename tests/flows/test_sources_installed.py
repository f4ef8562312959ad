"""A source that comes with an installed package: nothing here names it. The package is the one in ``examples``."""

from __future__ import annotations

import json
import sys
import tomllib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from opulse.clock import ManualClock
from opulse.db import Database
from opulse.monitoring.sources import registry
from tests.house.tree import ROOT
from tests.unit.monitoring.activations.world import Wing
from tests.unit.monitoring.sources.world import add_source, hit, open_sources, send

pytestmark = pytest.mark.stores
PACKAGE = ROOT / "examples" / "opulse-source-uptime-kuma"
KIND, SENSOR = "uptime-kuma", "Monitor down"


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The package with the metadata that an installer makes of its ``pyproject.toml``."""
    project = tomllib.loads((PACKAGE / "pyproject.toml").read_text())["project"]
    folder = tmp_path / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    folder.mkdir()
    about = f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    (folder / "METADATA").write_text(about)
    lines = [
        f"[{group}]\n" + "".join(f"{name} = {value}\n" for name, value in points.items())
        for group, points in project["entry-points"].items()
    ]
    (folder / "entry_points.txt").write_text("\n".join(lines))
    monkeypatch.syspath_prepend(PACKAGE / "src")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(registry, "ADAPTERS", dict(registry.ADAPTERS))
    registry.ADAPTERS.pop(KIND, None)
    for module in [name for name in sys.modules if name.startswith("opulse_source_")]:
        monkeypatch.delitem(sys.modules, module)


@pytest.fixture
async def wing(db: Database, clock: ManualClock) -> AsyncIterator[Wing]:
    async with open_sources(db, clock) as made:
        yield made


def beat(status: int, **monitor: Any) -> dict[str, Any]:
    about = {"id": 7, "name": "Intranet", "hostname": None, "url": "https://a.example.org/x"}
    return {"heartbeat": {"status": status, "msg": "timeout"}, "monitor": about | monitor, "msg": "Down"}


async def test_an_installed_package_brings_a_source(wing: Wing, installed: None, monkeypatch: Any) -> None:
    unknown = await wing.client.post("/api/v1/sources", json={"kind": KIND, "name": "Kuma"})
    assert unknown.status_code == 422
    assert "there are alertmanager, cloudevents, fleet" in unknown.text
    _offer(monkeypatch)
    await wing.put("a", fqdn="a.example.org")
    body = {"kind": KIND, "sample": json.dumps(beat(0))}
    shown = (await wing.client.post("/api/v1/sources/preview", json=body)).json()
    assert [(one["sensor"], one["system_name"], one["instance"]) for one in shown["signals"]] == [
        (SENSOR, "a", "Intranet")
    ]
    source = await add_source(wing, KIND, "Kuma")
    await send(wing, source, beat(0))
    assert await hit(wing, SENSOR) == ["a"]
    left = (await send(wing, source, beat(3)))["left"]
    assert [one["reason"] for one in left] == ["undecided"]
    await send(wing, source, beat(1))
    assert await hit(wing, SENSOR) == []


async def test_a_source_whose_package_is_gone_is_told_and_can_be_deleted(
    wing: Wing, installed: None, monkeypatch: Any
) -> None:
    _offer(monkeypatch)
    source = await add_source(wing, KIND, "Kuma")
    _offer(monkeypatch, without=KIND)
    (listed,) = (await wing.client.get("/api/v1/sources")).json()["sources"]
    assert listed["kind"] == KIND
    refused = await wing.client.post(f"/api/v1/sources/{source}/receive", json=beat(0))
    assert refused.status_code == 400
    assert "install its package again" in refused.text
    saved = await wing.client.put(f"/api/v1/sources/{source}", json={"kind": KIND, "name": "Other"})
    assert saved.status_code == 422
    assert (await wing.client.delete(f"/api/v1/sources/{source}")).status_code == 204


def test_two_adapters_of_one_kind_are_refused(installed: None) -> None:
    registry.load_adapters()
    registry.load_adapters()
    first = registry.ADAPTERS[KIND]
    other = type(first)(**{name: getattr(first, name) for name in first.__dataclass_fields__})
    with pytest.raises(ValueError, match="two adapters"):
        registry.register(other)


def _offer(monkeypatch: Any, without: str = "") -> None:
    """What whoever starts does; modules that hold the mapping see it too."""
    from opulse.monitoring.sources.flow import saving

    registry.load_adapters()
    if without:
        registry.ADAPTERS.pop(without)
    monkeypatch.setattr(saving, "ADAPTERS", registry.ADAPTERS)
