"""What a recipient may be saved with, what is kept of its secrets, and the headers that its webhook sends."""

from __future__ import annotations

from dataclasses import replace

import pytest

from opulse.monitoring.recipients.models import (
    Authentication,
    AuthenticationType,
    Channel,
    Header,
    RecipientDraft,
    RecipientFault,
    RecipientType,
    RequestMethod,
    Webhook,
)
from opulse.monitoring.recipients.rules import build_headers, check_draft, keep_secrets
from opulse.wire.signature import SIGNATURE_HEADER
from opulse.wire.webhook import DEFAULT_BODY, OPERATIONAL_PULSE_BODY

HOOK = Webhook(
    url="https://hooks.example.org/in",
    method=RequestMethod.POST,
    authentication=Authentication(),
    headers=(),
    body=OPERATIONAL_PULSE_BODY,
)
BASIC, SIGNED = AuthenticationType.BASIC, AuthenticationType.SIGNED


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
    headers = build_headers(signed, body, "d1")
    assert headers[SIGNATURE_HEADER] == "/++crYByvqOPpw1pmDC63GzNMBOrWynk/PfTPaZxn6k="
    assert headers["X-Delivery-Id"] == "d1"
    assert "X-Test" not in headers


def test_an_own_content_type_overrides_and_a_test_says_so() -> None:
    own = replace(HOOK, headers=(Header("content-type", "application/cloudevents+json"),))
    headers = build_headers(own, b"{}", "d1", test=True)
    assert headers == {
        "content-type": "application/cloudevents+json",
        "X-Delivery-Id": "d1",
        "X-Test": "1",
    }
