"""The kits that are shipped: all names of the product's list, and limits as documented."""

from collections import Counter
from importlib import resources
from pathlib import Path

import pytest

from opulse.catalogue import KitOrigin, LimitsFrom, Platform, SensorKind, load_catalogue

PRODUCT_NAMES = (Path(__file__).parent / "product_names.txt").read_text().splitlines()
ALARM_NAMES = (Path(__file__).parent / "alarm_names.txt").read_text().splitlines()
CATALOGUE = load_catalogue()


def shipped(origin: KitOrigin) -> list[str]:
    return [sensor.name for kit in CATALOGUE.kits if kit.origin is origin for sensor in kit.sensors]


def test_all_164_names_seen_in_a_real_tenant_are_there_and_no_other_calls_itself_the_products() -> None:
    assert len(PRODUCT_NAMES) == len(set(PRODUCT_NAMES)) == 164
    alarms = {sensor.name for kit in CATALOGUE.kits if kit.kit == "alarms" for sensor in kit.sensors}
    assert sorted(set(shipped(KitOrigin.PRODUCT)) - alarms) == sorted(PRODUCT_NAMES)


def test_every_documented_alarm_is_there_and_has_a_red_level_where_it_has_a_number() -> None:
    (alarms,) = [kit for kit in CATALOGUE.kits if kit.kit == "alarms"]
    names = [sensor.name for sensor in alarms.sensors]
    assert sorted(name for name in names if not name.endswith(" (Red)")) == sorted(ALARM_NAMES)
    for red in (name for name in names if name.endswith(" (Red)")):
        low, high = CATALOGUE.by_name[red.removesuffix(" (Red)")], CATALOGUE.by_name[red]
        assert low.source == high.source
        assert low.severity < high.severity
        assert low.variables["hold"] < high.variables["hold"]


def test_there_are_more_than_three_hundred() -> None:
    assert len(CATALOGUE) > 300


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
        sensor
        for kit in CATALOGUE.kits
        if kit.origin is KitOrigin.PRODUCT and kit.kit != "alarms"
        for sensor in kit.sensors
    ]
    assert Counter(sensor.kind for sensor in of_product) == {
        SensorKind.METRIC: 60,
        SensorKind.STATE: 44,
        SensorKind.EVENT: 22,
        SensorKind.INVENTORY: 20,
        SensorKind.ROLLUP: 18,
    }


def test_the_product_s_fifteen_categories_and_one_of_ours() -> None:
    assert len(CATALOGUE.categories()) == 16
    assert "Kernel and drivers" in CATALOGUE.categories()
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
        ("VM Ready Time", ">", 5),
        ("Home Directory Latency", ">", 100),
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
    without = {
        sensor.source
        for sensor in CATALOGUE
        if sensor.kind is SensorKind.METRIC and not sensor.unit and not sensor.source.endswith("_count")
    }
    assert without == {
        "cpu.run_queue_per_processor",
        "process.threads_total",
        "process.count",
        "disk.queue_length",
        "cpu.load_per_processor",
        "script.exit_value",
    }


def test_the_windows_events_name_what_they_count() -> None:
    (kit,) = [kit for kit in CATALOGUE.kits if kit.kit == "windows-events"]
    counted = []
    for sensor in kit.sensors:
        ids = str(sensor.variables["event_ids"]).split(",")
        assert all(number.isdecimal() for number in ids)
        assert sensor.source.endswith(f"_{ids[0]}_count")
        assert sensor.platforms == (Platform.WINDOWS,)
        assert sensor.evaluated_on == (Platform.WINDOWS,)
        counted += [(sensor.variables["log"], sensor.variables["provider"], number) for number in ids]
    assert len(counted) == len(set(counted))


@pytest.mark.parametrize("file", ["windows_events.yaml", "macos.yaml"])
def test_a_kit_that_was_only_written_says_so_and_says_where_each_form_is_documented(file: str) -> None:
    text = (resources.files("opulse.catalogue") / "kits" / file).read_text()
    assert "never run on hardware" in text.split("kit:")[0]
    for entry in text.split("sensors:\n\n", 1)[1].split("\n\n"):
        assert entry.startswith("# "), entry


def test_the_linux_kits_hold_only_what_our_agent_reads() -> None:
    kits = [kit for kit in CATALOGUE.kits if kit.kit.startswith("linux")]
    assert len(kits) == 7
    assert all(sensor.evaluated_on == (Platform.LINUX,) for kit in kits for sensor in kit.sensors)


def test_our_agent_reads_more_than_sixty_on_linux() -> None:
    assert len(CATALOGUE.evaluated_on(Platform.LINUX)) > 60
