"""Kits are read strictly: what is wrong is refused with the file and the sensor named."""

from pathlib import Path

import pytest

from opulse.catalogue import CatalogueRefused, load_catalogue, read_catalogue, read_kit

KIT = """\
kit: trial
origin: ours
sensors:
- name: High Retransmission Rate
  category: Network
  help: Segments sent again.
  severity: 5
  instanced: false
  kind: metric
  seen: 13
  source: net.tcp.retransmit_percent
  condition: {op: ">", value: "{limit}", for_seconds: "{hold}"}
  clear:     {op: "<=", value: "{limit}", for_seconds: 300}
  variables: {limit: 5, hold: 120}
  limits: ours
  platforms: [windows, macos, linux]
"""


def refusal(text: str) -> CatalogueRefused:
    with pytest.raises(CatalogueRefused) as caught:
        read_kit("trial.yaml", text.encode())
    return caught.value


def test_the_trial_kit_can_be_read() -> None:
    (sensor,) = read_kit("trial.yaml", KIT.encode()).sensors
    assert sensor.name == "High Retransmission Rate"
    assert sensor.variables == {"limit": 5, "hold": 120}
    assert sensor.unit == "%"


def test_the_shipped_catalogue_is_read_once() -> None:
    assert load_catalogue() is load_catalogue()


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("severity: 5", "severity: 12", "severity 12 is not from 1 to 9"),
        ("severity: 5", "severity: five", "Expected `int`"),
        ("severity: 5", "severity: 5\n  colour: red", "unknown field `colour`"),
        ("  seen: 13\n", "", "missing required field `seen`"),
        ("seen: 13", "seen: -1", "seen is below 0"),
        ("kind: metric", "kind: gauge", "Invalid enum value 'gauge'"),
        ("kind: metric", "kind: event", "needs a variable 'window'"),
        ('op: ">"', 'op: "=>"', "Invalid enum value '=>'"),
        ('op: ">"', 'op: ">="', "condition and clear can be true for the same reading"),
        (
            'value: "{limit}", for_seconds: "{hold}"',
            'value: "{limits}", for_seconds: 0',
            "'limits' is not declared",
        ),
        (
            'value: "{limit}", for_seconds: "{hold}"',
            "value: much, for_seconds: 0",
            "> needs a number, not 'much'",
        ),
        ('for_seconds: "{hold}"', "for_seconds: -5", "for_seconds must be a number of at least 0"),
        ("hold: 120", "hold: -120", "variable 'hold': negative_time"),
        ("limit: 5", "limit: .inf", "variable 'limit': not_finite"),
        ("instanced: false", "instanced: true", "needs an example_instance"),
        ("instanced: false", "instanced: false\n  example_instance: x", "the sensor is not instanced"),
        ("platforms: [windows, macos, linux]", "platforms: []", "platforms is empty"),
        ("platforms: [windows, macos, linux]", "platforms: [beos]", "Invalid enum value 'beos'"),
        (
            "platforms: [windows, macos, linux]",
            "platforms: [windows]\n  evaluated_on: [linux]",
            "evaluated_on names",
        ),
        ("source: net.tcp.retransmit_percent", "source: Retransmits", "not of the form"),
        ("help: Segments sent again.", 'help: ""', "help is empty"),
    ],
)
def test_a_wrong_sensor_is_refused_by_file_and_name(old: str, new: str, problem: str) -> None:
    assert old in KIT
    refused = refusal(KIT.replace(old, new, 1))
    assert (refused.file, refused.sensor) == ("trial.yaml", "High Retransmission Rate")
    assert problem in refused.problem
    assert str(refused) == f"trial.yaml: High Retransmission Rate: {refused.problem}"


def test_a_sensor_without_a_name_is_named_by_its_place() -> None:
    assert (
        refusal(KIT.replace("- name: High Retransmission Rate\n  category", "- category")).sensor
        == "sensor 1"
    )


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("kit: [", "did not find expected"),
        ("- a\n- b\n", "Expected `object`"),
        ("kit: trial\nsensors: []\n", "missing required field `origin`"),
        (KIT.replace("severity: 5", "severity: 5\n  severity: 6"), "key 'severity' comes twice"),
        (KIT + "  ? [a, b]\n  : 1\n", "a key is plain text"),
        (
            "kit: !!python/object/apply:os.getcwd []\norigin: ours\nsensors: []\n",
            "could not determine a constructor",
        ),
        ("", "Expected `object`"),
    ],
)
def test_a_wrong_file_is_refused_by_its_name(text: str, problem: str) -> None:
    refused = refusal(text)
    assert (refused.file, refused.sensor) == ("trial.yaml", None)
    assert problem in refused.problem


def test_a_kit_that_is_far_too_large_is_refused_unread() -> None:
    assert "larger than" in refusal("#" * 4_000_001).problem


def test_kits_of_others_are_read_beside_the_shipped_ones(tmp_path: Path) -> None:
    (tmp_path / "more.yaml").write_text(KIT.replace("High Retransmission Rate", "Printer Out Of Paper"))
    (tmp_path / "readme.txt").write_text("not a kit")
    read = read_catalogue([tmp_path])
    assert [sensor.name for sensor in read] == ["Printer Out Of Paper"]
    assert [kit.kit for kit in read.kits] == ["trial"]


def test_a_name_may_come_once_only_whatever_its_case(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(KIT)
    (tmp_path / "b.yaml").write_text(KIT.replace("kit: trial", "kit: second").replace("High Ret", "HIGH RET"))
    with pytest.raises(
        CatalogueRefused, match=r"b\.yaml: HIGH RETransmission Rate: the name is already used in a\.yaml"
    ):
        read_catalogue([tmp_path])


def test_a_kit_may_come_once_only(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(KIT)
    (tmp_path / "b.yaml").write_text(KIT.replace("High", "Low"))
    with pytest.raises(CatalogueRefused, match=r"b\.yaml: another file is already the kit 'trial'"):
        read_catalogue([tmp_path])


def test_a_rule_may_come_once_only_whatever_its_name(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(KIT)
    (tmp_path / "b.yaml").write_text(
        KIT.replace("kit: trial", "kit: second").replace("name: High", "name: Quite High")
    )
    with pytest.raises(
        CatalogueRefused, match=r"source, condition and variables are those of 'High Retransmission Rate'"
    ):
        read_catalogue([tmp_path])
    (tmp_path / "b.yaml").write_text((tmp_path / "b.yaml").read_text().replace("limit: 5", "limit: 6"))
    assert len(read_catalogue([tmp_path])) == 2
