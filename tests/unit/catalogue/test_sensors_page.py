"""The page about sensors says what is so: its table and its example are checked against the catalogue."""

import re
from pathlib import Path

from opulse.catalogue import KitOrigin, Platform, load_catalogue, read_kit

PAGE = (Path(__file__).parents[3] / "docs/explain/sensors.md").read_text()


def test_the_table_names_every_sensor_that_is_evaluated_on_linux_and_no_other() -> None:
    table = PAGE.split("<!-- evaluated-on-linux -->")[1].split("\n\n")[1]
    named = [line.split("|")[1].strip() for line in table.splitlines()[2:]]
    assert sorted(named) == sorted(sensor.name for sensor in load_catalogue().evaluated_on(Platform.LINUX))


def test_the_example_is_the_entry_of_the_kit() -> None:
    found = re.search(r"```yaml\n(.+?)```", PAGE, re.DOTALL)
    assert found is not None
    (sensor,) = read_kit("page", f"kit: page\norigin: product\nsensors:\n{found[1]}".encode()).sensors
    assert sensor == load_catalogue().find(sensor.name)


def test_the_counts_are_right() -> None:
    catalogue = load_catalogue()
    of_product = [kit for kit in catalogue.kits if kit.origin is KitOrigin.PRODUCT and kit.kit != "alarms"]
    of_linux = [kit for kit in catalogue.kits if kit.kit.startswith("linux")]
    for kits, words in (
        (of_product, f"({len(of_product)} files)"),
        (of_linux, f"`linux` ({len(of_linux)} file"),
    ):
        assert re.search(re.escape(words) + rf"s?\)? \| {sum(len(kit.sensors) for kit in kits)} \|", PAGE), (
            words
        )
    for kit in catalogue.kits:
        if kit not in of_product and kit not in of_linux:
            assert f"| `{kit.kit}` | {len(kit.sensors)} |" in PAGE
    assert f"**{len(catalogue)} sensors**" in PAGE
    assert f"on Linux, {len(catalogue.evaluated_on(Platform.LINUX))} of them" in PAGE
    for platform in (Platform.WINDOWS, Platform.MACOS):
        count = len(catalogue.evaluated_on(platform))
        assert f"`evaluated_on: [{platform}]` ({count} sensors)" in PAGE
