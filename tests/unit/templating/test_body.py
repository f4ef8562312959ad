import json
from datetime import UTC, datetime

import pytest

from opulse.templating.body import (
    MAX_BODY_BYTES,
    MAX_TEMPLATE_BYTES,
    BodyTooLarge,
    TemplateFault,
    render_body,
    validate_template,
)
from opulse.templating.variables import NOTIFICATION_VARIABLES, ActivationValues, VariableKind
from opulse.wire.webhook import DEFAULT_BODY, OPERATIONAL_PULSE_BODY, parse_event

VALUES = ActivationValues(
    notification_activation_id="7f0f3c1e-2f7a-4d0b-9a41-5b8f6e2c9d10",
    activation_time=datetime(2026, 3, 3, 16, 31, 7, 123456, tzinfo=UTC),
    tenant_id="0b1f6c1a-1f0e-4a86-9d5e-2b7a9f4f1c11",
    notification_name='Teams "quality" incident',
    notification_description="line one\nline two \\ @{tenantId}",
    sensor_names=["Application Hang", "High Retransmission Rate", "Application Hang"],
    sensor_instances=["msedge.exe"],
    group_name="Büro 東京",
    activation_threshold_text="24% of systems currently reporting",
    activation_threshold_value=24.0,
    activation_threshold_is_percent=True,
    notification_activation_details_url="https://cloud.example.test/d",
    systems_at_activation_url="https://cloud.example.test/a",
    systems_currently_affected_url="https://cloud.example.test/c",
).variables()


def test_the_guides_body_byte_for_byte() -> None:
    rendered = render_body(OPERATIONAL_PULSE_BODY, VALUES)
    assert rendered.unknown == ()
    assert rendered.body.decode() == (
        "{\n"
        '    "eventId": "7f0f3c1e-2f7a-4d0b-9a41-5b8f6e2c9d10",\n'
        '    "eventTime": "2026-03-03T16:31:07.1234560Z",\n'
        '    "eventType": "SensorNotification.Activated",\n'
        '    "data": {\n'
        '        "sensorNames": ["Application Hang","High Retransmission Rate"],\n'
        '        "systemsAtActivationURL":"https://cloud.example.test/a"\n'
        "    }\n"
        "}"
    )


def test_the_default_body_is_json_with_every_value_of_its_kind() -> None:
    data = json.loads(render_body(DEFAULT_BODY, VALUES).body)["data"]
    assert data["notificationName"] == 'Teams "quality" incident'
    assert data["notificationDescription"] == "line one\nline two \\ @{tenantId}"
    assert data["groupName"] == "Büro 東京"
    assert data["activationThresholdValue"] == 24
    assert data["activationThresholdIsPercent"] is True
    assert parse_event(render_body(DEFAULT_BODY, VALUES).body).sensor_names == tuple(data["sensorNames"])


def test_values_of_every_variable_are_made() -> None:
    assert VALUES.keys() == NOTIFICATION_VARIABLES.keys()
    assert render_body("@{sensorNamesUnquoted}|@{sensorInstances}", VALUES).body == (
        b'Application Hang,High Retransmission Rate|"msedge.exe"'
    )


def test_an_unknown_variable_stays_and_is_reported() -> None:
    rendered = render_body("@{nope} @{groupName} @{nope} @{ groupName} @{group-name}", {"groupName": "G"})
    assert rendered.body == b"@{nope} G @{nope} @{ groupName} @{group-name}"
    assert rendered.unknown == ("nope",)


def test_a_variable_without_a_value_stays_and_is_reported() -> None:
    assert render_body("@{tenantId}", {}).unknown == ("tenantId",)


def test_line_breaks_are_kept() -> None:
    assert render_body('{"a":\r\n1}\r', {}).body == b'{"a":\r\n1}\r'


@pytest.mark.parametrize(
    ("value", "written"), [(24, "24"), (24.0, "24"), (0.5, "0.5"), (-1, "-1"), (1e300, str(int(1e300)))]
)
def test_numbers_are_bare(value: float, written: str) -> None:
    assert (
        render_body("@{activationThresholdValue}", {"activationThresholdValue": value}).body.decode()
        == written
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [("activationThresholdValue", "24"), ("activationThresholdValue", True), ("activationThresholdIsPercent", "true"),
     ("sensorNames", "A,B"), ("sensorNamesUnquoted", "A,B"), ("groupName", 7)],
)  # fmt: skip
def test_a_value_of_another_kind_is_an_error(name: str, value: str | int) -> None:
    with pytest.raises(TypeError, match="cannot hold"):
        render_body(f"@{{{name}}}", {name: value})


def test_a_number_is_finite() -> None:
    with pytest.raises(ValueError, match="finite"):
        render_body("@{activationThresholdValue}", {"activationThresholdValue": float("nan")})


def test_a_body_has_a_largest_size() -> None:
    with pytest.raises(BodyTooLarge):
        render_body("@{groupName}", {"groupName": "x" * (MAX_BODY_BYTES + 1)})


def test_half_a_character_becomes_a_question_mark() -> None:
    assert render_body('"@{groupName}"', {"groupName": "a\ud800b"}).body == b'"a?b"'


SLACK = (
    '{"text":"@{notificationName}: @{activationThresholdText} <@{notificationActivationDetailsURL}|details>"}'
)


@pytest.mark.parametrize("template", [OPERATIONAL_PULSE_BODY, DEFAULT_BODY, SLACK, "{}", '{"a":"a @ { b"}'])
def test_good_templates_have_no_problem(template: str) -> None:
    assert validate_template(template) == []


@pytest.mark.parametrize(
    ("template", "fault", "line", "column"),
    [
        ('{\n "a": "@{nope}"}', TemplateFault.UNKNOWN_VARIABLE, 2, 8),
        ('{"a": "@{ groupName }"}', TemplateFault.MALFORMED_VARIABLE, 1, 8),
        ('{"a": "@{groupName"}', TemplateFault.MALFORMED_VARIABLE, 1, 8),
        ('{"a": @{groupName}}', TemplateFault.NOT_JSON, 1, 7),
        ('{"a": "@{sensorNames}"}', TemplateFault.NOT_JSON, 1, 9),
        ('{"a": [@{sensorNamesUnquoted}]}', TemplateFault.NOT_JSON, 1, 8),
        ('{"a": 1,}', TemplateFault.NOT_JSON, 1, 9),
        ('{"a": NaN}', TemplateFault.NOT_JSON, 1, 1),
        ("", TemplateFault.NOT_JSON, 1, 1),
        ("\ufeff{}", TemplateFault.NOT_JSON, 1, 1),
        ("[" * 60_000, TemplateFault.NOT_JSON, 1, 1),
        ("x" * (MAX_TEMPLATE_BYTES + 1), TemplateFault.TEMPLATE_TOO_LARGE, 1, 1),
    ],
)
def test_bad_templates_say_where(template: str, fault: TemplateFault, line: int, column: int) -> None:
    problems = validate_template(template)
    assert [(one.fault, one.line) for one in problems] == [(fault, line)]
    if fault is not TemplateFault.NOT_JSON or column > 1:
        assert problems[0].column == column
    assert problems[0].detail


def test_every_wrong_name_is_listed_once_per_place() -> None:
    problems = validate_template('{"a":"@{x} @{y}","b":"@{x}"}')
    assert [one.detail for one in problems] == ["x", "y", "x"]


def test_another_events_variables() -> None:
    egress = {"exportTables": VariableKind.QUOTED_LIST}
    assert validate_template('{"t":[@{exportTables}]}', egress) == []
    assert validate_template('{"t":[@{sensorNames}]}', egress)[0].fault is TemplateFault.UNKNOWN_VARIABLE
    short = {"a": VariableKind.TEXT}
    problems = validate_template('"' + "@{a}" * 16_000 + '"', short)
    assert [one.fault for one in problems] == [TemplateFault.TEMPLATE_TOO_LARGE]
