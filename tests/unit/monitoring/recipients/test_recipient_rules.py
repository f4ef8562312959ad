"""What a recipient may be saved with, what is kept of its secrets, and the headers that its webhook sends."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from opulse.monitoring.recipients.models import (
    Authentication,
    AuthenticationType,
    BodyValue,
    Channel,
    Header,
    RecipientDraft,
    RecipientFault,
    RecipientType,
    RequestMethod,
    Webhook,
)
from opulse.monitoring.recipients.rules import (
    build_headers,
    check_draft,
    check_rotation,
    keep_secrets,
    mask_values,
)
from opulse.wire.signature import NEXT_SIGNATURE_HEADER, SIGNATURE_HEADER, verify_lakeside
from opulse.wire.standard_webhooks import new_standard_secret, verify_standard
from opulse.wire.webhook import DEFAULT_BODY, OPERATIONAL_PULSE_BODY

HOOK = Webhook(
    url="https://hooks.example.org/in",
    method=RequestMethod.POST,
    authentication=Authentication(),
    headers=(),
    body=OPERATIONAL_PULSE_BODY,
)
NOW = datetime(2026, 3, 3, 16, 31, 7, tzinfo=UTC)
BASIC, SIGNED, STANDARD = AuthenticationType.BASIC, AuthenticationType.SIGNED, AuthenticationType.STANDARD


def draft(webhook: Webhook | None = HOOK, **changes: object) -> RecipientDraft:
    given = RecipientDraft(RecipientType.SYSTEM, "Qualtrics", Channel.WEBHOOK, webhook=webhook)
    return replace(given, **changes)  # type: ignore[arg-type]  # the tests' own changes


def faults(given: RecipientDraft, *, name_taken: bool = False) -> list[RecipientFault]:
    return [problem.fault for problem in check_draft(given, name_taken=name_taken)]


@pytest.mark.parametrize("body", [OPERATIONAL_PULSE_BODY, DEFAULT_BODY])
def test_the_guides_webhook_can_be_saved(body: str) -> None:
    header = Header("X-API-TOKEN", "abc", sensitive=True)
    assert faults(draft(replace(HOOK, body=body, headers=(header,)))) == []


def test_two_webhooks_cannot_share_a_name_but_a_mail_recipient_may() -> None:
    assert faults(draft(), name_taken=True) == [RecipientFault.NAME_TAKEN]
    mail = draft(None, channel=Channel.EMAIL, email="a@example.org")
    assert faults(mail, name_taken=True) == []


@pytest.mark.parametrize("field", ["name", "first_name", "last_name"])
def test_no_text_holds_a_control_character(field: str) -> None:
    wrong = replace(draft(), **{field: "a\x00b"})  # type: ignore[arg-type]  # one of three texts
    assert faults(wrong) == [RecipientFault.BAD_CHARACTER]


def test_a_name_has_an_end() -> None:
    assert faults(draft(name="x" * 201)) == [RecipientFault.NAME_TOO_LONG]


@pytest.mark.parametrize("kind", [RecipientType.USER, RecipientType.DISTRIBUTION_LIST])
def test_people_are_reached_by_mail_only(kind: RecipientType) -> None:
    assert faults(draft(recipient_type=kind)) == [RecipientFault.CONNECTION]


@pytest.mark.parametrize(
    "email", ["", "ada", "ada@", "@example.org", "a b@example.org", "a@example.org\r\nBcc: x@y.z"]
)
def test_a_mail_recipient_needs_an_address(email: str) -> None:
    assert faults(draft(None, channel=Channel.EMAIL, email=email)) == [RecipientFault.EMAIL_INVALID]


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hooks.example.org",
        "ftp://x.example",
        "https://",
        "https://u:p@x.example/",
        "https://x.example/#a",
        "https://x .y",
    ],
)
def test_addresses_that_are_none(url: str) -> None:
    assert faults(draft(replace(HOOK, url=url))) == [RecipientFault.URL_INVALID]


@pytest.mark.parametrize(
    "given",
    [
        Authentication(BASIC, username="ada"),
        Authentication(BASIC, password="x"),
        Authentication(BASIC, username="a:b", password="x"),
        Authentication(SIGNED),
        Authentication(STANDARD),
    ],
)
def test_a_credential_must_be_complete(given: Authentication) -> None:
    assert faults(draft(replace(HOOK, authentication=given))) == [RecipientFault.CREDENTIAL_MISSING]


@pytest.mark.parametrize(
    ("headers", "fault"),
    [
        ((Header("Host", "x"),), RecipientFault.HEADER_RESERVED),
        ((Header("content-LENGTH", "1"),), RecipientFault.HEADER_RESERVED),
        ((Header("Transfer-Encoding", "chunked"),), RecipientFault.HEADER_RESERVED),
        ((Header("Connection", "close"),), RecipientFault.HEADER_RESERVED),
        ((Header("X-Lakeside-HMAC-SHA256", "x"),), RecipientFault.HEADER_RESERVED),
        ((Header("X-Lakeside-HMAC-SHA256-Next", "x"),), RecipientFault.HEADER_RESERVED),
        ((Header("Webhook-Id", "x"),), RecipientFault.HEADER_RESERVED),
        ((Header("webhook-timestamp", "1"),), RecipientFault.HEADER_RESERVED),
        ((Header("webhook-signature", "v1,x"),), RecipientFault.HEADER_RESERVED),
        ((Header("X-Test", "1"),), RecipientFault.HEADER_RESERVED),
        ((Header("X A", "1"),), RecipientFault.HEADER_NAME),
        ((Header("", "1"),), RecipientFault.HEADER_NAME),
        ((Header("X-A", "1\r\nX-B: 2"),), RecipientFault.HEADER_VALUE),
        ((Header("X-A", "ä"),), RecipientFault.HEADER_VALUE),
        ((Header("X-A", "1"), Header("x-a", "2")), RecipientFault.HEADER_REPEATED),
    ],
)
def test_headers_that_would_break_a_request_or_a_proof(
    headers: tuple[Header, ...], fault: RecipientFault
) -> None:
    assert faults(draft(replace(HOOK, headers=headers))) == [fault]


def test_20_headers_fit_and_21_do_not() -> None:
    headers = tuple(Header(f"X-{number}", "1") for number in range(21))
    assert faults(draft(replace(HOOK, headers=headers[:20]))) == []
    assert faults(draft(replace(HOOK, headers=headers))) == [RecipientFault.TOO_MANY_HEADERS]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ('{"a": "@{sensorName}"}', "Body, line 1, column 8: there is no variable @{sensorName}."),
        ('{"a": @{notificationName}}', "it is not JSON"),
        ('{"a": "@{ name}"}', "a variable is written @{name}"),
        ('{"names": @{sensorNames}}', "it is not JSON"),
    ],
)
def test_a_body_is_tried_with_sample_values_before_it_is_saved(body: str, words: str) -> None:
    (problem,) = check_draft(draft(replace(HOOK, body=body)), name_taken=False)
    assert problem.fault is RecipientFault.BODY_INVALID
    assert words in problem.text


def test_everything_to_mend_is_said_at_once() -> None:
    bad = replace(
        HOOK, url="", authentication=Authentication(SIGNED), headers=(Header("Host", "x"),), body="{"
    )
    assert len(faults(draft(bad, name=" "))) == 5


def test_what_a_form_leaves_empty_is_kept() -> None:
    stored = replace(
        HOOK,
        authentication=Authentication(BASIC, "ada", "old"),
        headers=(Header("X-Key", "k", sensitive=True), Header("X-Open", "o")),
    )
    again = replace(
        HOOK,
        authentication=Authentication(BASIC, "bob"),
        headers=(Header("x-key", None, sensitive=True), Header("X-Open", None)),
    )
    kept = keep_secrets(again, stored)
    assert kept.authentication == Authentication(BASIC, "bob", "old")
    assert [header.value for header in kept.headers] == ["k", None]


def test_another_kind_of_proof_or_another_header_keeps_nothing() -> None:
    stored = replace(
        HOOK, authentication=Authentication(BASIC, "ada", "old"), headers=(Header("X-Key", "k", True),)
    )
    again = replace(HOOK, authentication=Authentication(SIGNED), headers=(Header("X-Other", None, True),))
    kept = keep_secrets(again, stored)
    assert (kept.authentication.password, kept.authentication.secret) == (None, None)
    assert kept.headers[0].value is None


def test_check_2_the_signature_is_that_of_the_specs_example() -> None:
    body = b'{"eventId":"7f0f3c1e-2f7a-4d0b-9a41-5b8f6e2c9d10","eventType":"SensorNotification.Activated"}'
    signed = replace(HOOK, authentication=Authentication(SIGNED, secret="s3cr3t-for-tests"))
    headers = build_headers(signed, body, "d1", NOW)
    assert headers[SIGNATURE_HEADER] == "/++crYByvqOPpw1pmDC63GzNMBOrWynk/PfTPaZxn6k="
    assert headers["X-Delivery-Id"] == "d1"
    assert "X-Test" not in headers


def test_an_own_content_type_overrides_and_a_test_says_so() -> None:
    own = replace(HOOK, headers=(Header("content-type", "application/cloudevents+json"),))
    headers = build_headers(own, b"{}", "d1", NOW, test=True)
    assert headers == {
        "content-type": "application/cloudevents+json",
        "X-Delivery-Id": "d1",
        "X-Test": "1",
    }


def test_standard_webhooks_signs_each_attempt_at_its_own_time_under_the_same_id() -> None:
    secret = new_standard_secret()
    signed = replace(HOOK, authentication=Authentication(STANDARD, secret=secret))
    first, second = (build_headers(signed, b"{}", "d1", at) for at in (NOW, NOW + timedelta(minutes=15)))
    assert first["webhook-id"] == second["webhook-id"] == "d1"
    assert first["webhook-signature"] != second["webhook-signature"]
    assert verify_standard(secret, first, b"{}", NOW)
    assert verify_standard(secret, second, b"{}", NOW + timedelta(minutes=15))
    assert SIGNATURE_HEADER not in first


def test_in_an_overlap_standard_webhooks_carries_both_and_lakesides_header_stays_with_the_old_one() -> None:
    old, new = new_standard_secret(), new_standard_secret()
    until = NOW + timedelta(hours=24)
    both = replace(
        HOOK, authentication=Authentication(STANDARD, secret=new, previous=old, previous_until=until)
    )
    headers = build_headers(both, b"{}", "d1", NOW)
    assert verify_standard(new, headers, b"{}", NOW)
    assert verify_standard(old, headers, b"{}", NOW)
    after = build_headers(both, b"{}", "d1", until)
    assert verify_standard(new, after, b"{}", until)
    assert not verify_standard(old, after, b"{}", until)

    both = replace(
        HOOK, authentication=Authentication(SIGNED, secret="new", previous="old", previous_until=until)
    )
    headers = build_headers(both, b"{}", "d1", NOW)
    assert verify_lakeside("old", b"{}", headers[SIGNATURE_HEADER])
    assert verify_lakeside("new", b"{}", headers[NEXT_SIGNATURE_HEADER])
    after = build_headers(both, b"{}", "d1", until)
    assert verify_lakeside("new", b"{}", after[SIGNATURE_HEADER])
    assert NEXT_SIGNATURE_HEADER not in after


def test_a_secret_of_standard_webhooks_has_its_form() -> None:
    wrong = replace(HOOK, authentication=Authentication(STANDARD, secret="s3cr3t-for-tests"))
    assert faults(draft(wrong)) == [RecipientFault.UNREADABLE_KEY]
    right = replace(HOOK, authentication=Authentication(STANDARD, secret=new_standard_secret()))
    assert faults(draft(right)) == []


def test_a_typed_secret_ends_the_overlap_and_an_empty_one_keeps_it() -> None:
    until = NOW + timedelta(hours=1)
    stored = replace(
        HOOK, authentication=Authentication(SIGNED, secret="new", previous="old", previous_until=until)
    )
    kept = keep_secrets(replace(HOOK, authentication=Authentication(SIGNED)), stored)
    assert kept.authentication == stored.authentication
    typed = keep_secrets(replace(HOOK, authentication=Authentication(SIGNED, secret="third")), stored)
    assert typed.authentication == Authentication(SIGNED, secret="third")


@pytest.mark.parametrize(
    ("given", "hours", "expected"),
    [
        (None, 24, [RecipientFault.SIGNS_NOTHING]),
        (Authentication(BASIC, "ada", "x"), 24, [RecipientFault.SIGNS_NOTHING]),
        (Authentication(SIGNED, secret="s"), 24, []),
        (Authentication(SIGNED, secret="s"), 1, []),
        (Authentication(SIGNED, secret="s"), 0.5, [RecipientFault.OVERLAP]),
        (Authentication(SIGNED, secret="s"), 721, [RecipientFault.OVERLAP]),
        (
            Authentication(SIGNED, secret="s", previous="o", previous_until=NOW + timedelta(seconds=1)),
            24,
            [RecipientFault.ROTATING],
        ),
        (Authentication(SIGNED, secret="s", previous="o", previous_until=NOW), 24, []),
    ],
)
def test_when_a_secret_can_be_rotated(
    given: Authentication | None, hours: float, expected: list[RecipientFault]
) -> None:
    found = check_rotation(given, timedelta(hours=hours), NOW)
    assert [problem.fault for problem in found] == expected


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        ((BodyValue("routing key", "x"),), RecipientFault.VALUE_NAME),
        ((BodyValue("1st", "x"),), RecipientFault.VALUE_NAME),
        ((BodyValue("TENANTID", "x"),), RecipientFault.VALUE_NAME),
        ((BodyValue("key", "x"), BodyValue("KEY", "y")), RecipientFault.VALUE_REPEATED),
        ((BodyValue("key", None, sensitive=True),), RecipientFault.VALUE_MISSING),
        ((BodyValue("key", "x" * 4_001),), RecipientFault.VALUE_MISSING),
        (tuple(BodyValue(f"key{number}", "x") for number in range(21)), RecipientFault.TOO_MANY_VALUES),
    ],
)
def test_values_that_the_body_could_not_write(values: tuple[BodyValue, ...], fault: RecipientFault) -> None:
    assert faults(draft(replace(HOOK, values=values))) == [fault]


def test_a_body_writes_the_values_of_its_own_recipient_and_no_others() -> None:
    body = '{"routing_key": "@{routingKey}"}'
    assert faults(draft(replace(HOOK, body=body))) == [RecipientFault.BODY_INVALID]
    known = replace(HOOK, body=body, values=(BodyValue("routingKey", "k"),))
    assert faults(draft(known)) == []
    assert faults(draft(replace(known, end_body='{"a": "@{other}"}'))) == [RecipientFault.BODY_INVALID]


def test_what_people_read_does_not_hold_a_sensitive_value() -> None:
    given = replace(HOOK, values=(BodyValue("key", "s3cr3t", sensitive=True), BodyValue("site", "Berlin")))
    assert mask_values(given, "bad key s3cr3t at Berlin") == "bad key •••• at Berlin"


def test_a_sensitive_address_left_empty_is_kept_only_while_it_stays_sensitive() -> None:
    stored = replace(HOOK, url_sensitive=True)
    assert keep_secrets(replace(HOOK, url="", url_sensitive=True), stored).url == HOOK.url
    assert keep_secrets(replace(HOOK, url=""), stored).url == ""
    assert (
        keep_secrets(replace(HOOK, url="https://b.example/", url_sensitive=True), stored).url
        == "https://b.example/"
    )
