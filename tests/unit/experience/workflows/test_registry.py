"""The registry of extensions: found by what they offer, never two of a name."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from opulse.bootstrap.stages import load_extensions
from opulse.experience.extensions.operational_pulse.extension import EXTENSION as PULSE
from opulse.experience.extensions.operational_pulse.extension import UpdateContactMetadata
from opulse.experience.workflows import registry
from opulse.experience.workflows.registry import (
    Extension,
    extension_of_task,
    find_extension,
    find_task_type,
    find_trigger_type,
    list_extensions,
    register,
)


@pytest.fixture(autouse=True)
def kept() -> Iterator[None]:
    load_extensions()
    before = dict(registry._EXTENSIONS)
    yield
    registry._EXTENSIONS.clear()
    registry._EXTENSIONS.update(before)


def test_our_own_extensions_are_those_of_the_guide() -> None:
    titles = {one.name: one.title for one in list_extensions()}
    assert (
        titles.items()
        >= {
            "json": "JSON",
            "experience_id_change": "Experience ID Change",
            "operational_pulse": "Operational Pulse",
            "xm_directory": "XM Directory",
        }.items()
    )
    assert [one.title for one in list_extensions()] == sorted(titles.values())


def test_they_are_found_by_what_they_offer() -> None:
    assert find_extension("operational_pulse") is PULSE
    assert extension_of_task("operational_pulse") is PULSE
    assert find_task_type("operational_pulse") is PULSE.tasks[0]
    trigger = find_trigger_type("json_event")
    assert trigger is not None
    assert trigger.title == "JSON"
    nothing = [find_extension("x"), find_task_type("x"), find_trigger_type("x"), extension_of_task("x")]
    assert nothing == [None] * 4


def test_the_distribute_task_asks_the_sixteen_fields_of_the_guide() -> None:
    task = find_task_type("xm_directory.distribute_survey")
    assert task is not None
    labels = [field.label for field in task.form]
    assert labels[:16] == [
        "Distribution Type",
        "Distribution Method",
        "Link Type",
        "When",
        "Select how you want to save or update info",
        "Contact List",
        "First name",
        "Last name",
        "Email address",
        "Language",
        "Survey",
        "From Address",
        "From Name",
        "Reply-To Email",
        "Subject",
        "Message",
    ]


def test_registering_again_changes_nothing() -> None:
    before = list_extensions()
    register(PULSE)
    load_extensions()
    assert list_extensions() == before


def test_two_extensions_of_a_name_or_a_task_are_refused() -> None:
    with pytest.raises(ValueError, match="two extensions are called 'operational_pulse'"):
        register(Extension("operational_pulse", "Another", ""))
    with pytest.raises(ValueError, match="two extensions offer the task 'operational_pulse'"):
        register(Extension("another", "Another", "", tasks=(UpdateContactMetadata(),)))
    register(Extension("third_party", "Third party", ""))
    assert find_extension("third_party") is not None
