"""The kits that are shipped: all names of the product's list, and limits as documented."""

from collections import Counter
from pathlib import Path

import pytest

from opulse.catalogue import KitOrigin, LimitsFrom, Platform, SensorKind, load_catalogue

PRODUCT_NAMES = (Path(__file__).parent / "product_names.txt").read_text().splitlines()
CATALOGUE = load_catalogue()


def shipped(origin: KitOrigin) -> list[str]:
    return [sensor.name for kit in CATALOGUE.kits if kit.origin is origin for sensor in kit.sensors]


def test_all_164_names_seen_in_a_real_tenant_are_there_and_no_other_calls_itself_the_products() -> None:
    assert len(PRODUCT_NAMES) == len(set(PRODUCT_NAMES)) == 164
    assert sorted(shipped(KitOrigin.PRODUCT)) == sorted(PRODUCT_NAMES)


def test_names_are_unique_even_when_case_is_ignored() -> None:
    counted = Counter(sensor.name.casefold() for sensor in CATALOGUE)
    assert [name for name, times in counted.items() if times > 1] == []
    assert len(CATALOGUE) == len(shipped(KitOrigin.PRODUCT)) + len(shipped(KitOrigin.OURS))


@pytest.mark.parametrize("name", [sensor.name for sensor in CATALOGUE])
def test_every_sensor_can_be_found_by_its_exact_name(name: str) -> None:
    found = CATALOGUE.find(name)
    assert found is not None
    assert found.name == name
    assert found.help.endswith(".")


def test_a_name_that_is_not_there_is_not_found() -> None:
    assert CATALOGUE.find("application hang") is None


def test_kinds_are_those_of_the_list() -> None:
    of_product = [
        sensor for kit in CATALOGUE.kits if kit.origin is KitOrigin.PRODUCT for sensor in kit.sensors
    ]
    assert Counter(sensor.kind for sensor in of_product) == {
        SensorKind.METRIC: 60,
        SensorKind.STATE: 44,
        SensorKind.EVENT: 22,
        SensorKind.INVENTORY: 20,
        SensorKind.ROLLUP: 18,
    }


def test_fifteen_categories() -> None:
    assert len(CATALOGUE.categories()) == 15
    assert "Applications: faults, hangs, connectivity, web" in CATALOGUE.categories()


@pytest.mark.parametrize(
    ("name", "severity"),
    [
        ("System Pending Reboot", 4),
        ("DPC Rate", 5),
        ("Application Hang", 4),
        ("Application Fault", 3),
        ("Application Connectivity Problem", 8),
        ("Real Time Latency Impact", 9),
        ("Windows Search Service Stopped", 6),
        ("SysTrack TrayApp Not Running", 2),
    ],
)
def test_severities_that_are_known(name: str, severity: int) -> None:
    found = CATALOGUE.find(name)
    assert found is not None
    assert found.severity == severity


@pytest.mark.parametrize(
    ("name", "op", "limit"),
    [
        ("Percentage Interrupt CPU", ">", 10),
        ("High Retransmission Rate", ">", 5),
        ("Network Connection Saturation", ">", 70),
        ("Low Wifi Signal Strength", "<", 50),
        ("Default Gateway Latency - Corp", ">", 75),
        ("Default Gateway Latency - Remote", ">", 75),
        ("Default Gateway Connect Time", ">", 75),
        ("High RDP TCP Latency", ">", 200),
        ("Health Score Issues", "<", 80),
        ("Total CPU Usage", ">", 90),
        ("Low Available Memory", "<", 20),
    ],
)
def test_limits_that_are_documented(name: str, op: str, limit: float) -> None:
    found = CATALOGUE.find(name)
    assert found is not None
    assert (found.condition.op, found.variables["limit"], found.limits) == (op, limit, LimitsFrom.DOCUMENTED)


@pytest.mark.parametrize(
    ("name", "seen", "instance"),
    [
        ("System On Weekend and Unused", 939, None),
        ("Application Hang", 0, "msedge.exe"),
        ("Memory Leak", 180, "chrome.exe"),
        ("BitLocker Encryption Method", 31, "4.0"),
        ("Missing Network Drive", 14, "H"),
    ],
)
def test_how_often_and_with_which_instance_it_was_seen(name: str, seen: int, instance: str | None) -> None:
    found = CATALOGUE.find(name)
    assert found is not None
    assert (found.seen, found.example_instance, found.instanced) == (seen, instance, instance is not None)


def test_units_are_said_for_every_metric_but_plain_counts() -> None:
    without = {sensor.source for sensor in CATALOGUE if sensor.kind is SensorKind.METRIC and not sensor.unit}
    assert without == {"cpu.run_queue_per_processor", "process.threads_total", "process.count"}


def test_the_linux_kit_holds_only_what_our_agent_reads() -> None:
    linux = next(kit for kit in CATALOGUE.kits if kit.kit == "linux")
    assert all(sensor.evaluated_on == (Platform.LINUX,) for sensor in linux.sensors)
    assert len(CATALOGUE.evaluated_on(Platform.LINUX)) >= 14
