"""The simulated estate: the same seed is the same estate, and it holds every kind of workplace and person."""

from __future__ import annotations

from collections import Counter

import pytest

from opulse.catalogue import load_catalogue
from opulse.cli.demo.scenarios import scenarios, watched_sensors
from opulse.emulators.estate import Symptom, background_noise, make_estate, plan_incident
from opulse.emulators.estate.models import SystemKind
from opulse.emulators.estate.noise import OBSERVED_SYSTEMS

HANG = Symptom("Application Hang", "outlook.exe")
LOSS = Symptom("High Retransmission Rate")


def test_a_seed_is_an_estate() -> None:
    assert make_estate(7, 300) == make_estate(7, 300)
    assert make_estate(7, 300) != make_estate(8, 300)
    assert make_estate(7, 100).systems == make_estate(7, 300).systems[:100]


def test_two_thousand_systems_hold_every_case_that_a_pulse_meets() -> None:
    estate = make_estate(7, 2_000)
    people = list(estate.people())
    assert len({system.name for system in estate.systems}) == 2_000
    assert {system.kind for system in estate.systems} == set(SystemKind)
    assert {person.language for person in people} == {"en", "de", "ar"}
    assert len({person.user_id for person in people}) == len(people)
    addresses = [person.email for person in people if person.email]
    assert len(set(addresses)) == len(addresses)
    uses = Counter(use.person.user_id for system in estate.systems for use in system.uses)
    assert max(uses.values()) == 2  # a laptop and a desktop
    assert any(not system.uses for system in estate.systems)
    assert any(len(system.uses) > 1 for system in estate.systems)
    assert any(not person.email for person in people)
    assert any(person.email and not person.in_directory for person in people)
    assert any(person.opted_out for person in people)
    assert all(person.in_directory for person in people if person.opted_out)


def test_your_workplace_is_in_the_smallest_estate() -> None:
    estate = make_estate(1, 1)
    assert [use.person for use in estate.yours.uses] == [estate.you]
    with pytest.raises(ValueError, match="at least one system"):
        make_estate(1, 0)


def test_noise_is_as_dense_as_it_was_seen_and_spares_what_notifications_watch() -> None:
    catalogue = load_catalogue()
    systems = [f"s{number}" for number in range(500)]
    noise = list(background_noise(catalogue, systems, 7, watched_sensors()))
    assert noise == list(background_noise(catalogue, systems, 7, watched_sensors()))
    counts = Counter(change.sensor for change in noise)
    assert not watched_sensors() & counts.keys()
    for sensor in catalogue:
        if sensor.name not in watched_sensors():
            assert counts[sensor.name] == round(sensor.seen / OBSERVED_SYSTEMS * 500), sensor.name
    assert all(bool(change.instance) == catalogue.by_name[change.sensor].instanced for change in noise)


def test_every_scenario_names_sensors_of_the_catalogue_with_instances_where_they_have_them() -> None:
    catalogue = load_catalogue()
    for scenario in scenarios(25):
        for symptom in scenario.symptoms:
            sensor = catalogue.find(symptom.sensor)
            assert sensor is not None
            assert bool(symptom.instance) == sensor.instanced


def test_an_incident_hits_each_system_once_in_batches_of_about_one_size() -> None:
    systems = [f"s{number}" for number in range(2_000)]
    plan = plan_incident((HANG, LOSS), systems, 300, "seed", batches=24)
    assert plan == plan_incident((HANG, LOSS), systems, 300, "seed", batches=24)
    hit = [system for batch in plan.batches for system in batch]
    assert len(hit) == len(set(hit)) == plan.affected == 300
    assert {len(batch) for batch in plan.batches} == {12, 13}
    assert hit != sorted(hit, key=systems.index)
    changes = plan.changes(plan.batches[0])
    assert {(change.sensor, change.instance) for change in changes} == {
        ("Application Hang", "outlook.exe"),
        ("High Retransmission Rate", None),
    }
    assert all(not change.triggered for change in plan.changes(["s1"], triggered=False))


def test_an_incident_hits_whom_it_always_hits_and_never_more_than_there_are() -> None:
    systems = ["a", "b", "c"]
    for seed in range(8):
        plan = plan_incident((LOSS,), systems, 1, f"{seed}", batches=24, always=("b", "elsewhere"))
        assert plan.batches == (("b",),)
    with pytest.raises(ValueError, match="1 to 3 systems, not 4"):
        plan_incident((LOSS,), systems, 4, "seed", batches=24)
