"""The proof of Standard Webhooks: its published example, two secrets at once, old requests, and what is no secret."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import pytest

from opulse.wire.standard_webhooks import (
    ID_HEADER,
    SIGNATURES_HEADER,
    TIMESTAMP_HEADER,
    new_standard_secret,
    read_standard_secret,
    sign_standard,
    verify_standard,
)

# the example of the scheme's own reference libraries
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ID = "msg_p5jXN8AQM9LWM0D4loKWxJek"
AT = datetime.fromtimestamp(1614265330, UTC)
BODY = b'{"test": 2432232314}'
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_the_example_of_the_scheme() -> None:
    headers = sign_standard([SECRET], ID, AT, BODY)
    assert headers == {ID_HEADER: ID, TIMESTAMP_HEADER: "1614265330", SIGNATURES_HEADER: SIGNATURE}
    assert verify_standard(SECRET, headers, BODY, AT)


def test_two_secrets_sign_and_each_verifies() -> None:
    older = new_standard_secret()
    headers = sign_standard([SECRET, older], ID, AT, BODY)
    first, second = headers[SIGNATURES_HEADER].split(" ")
    assert first == SIGNATURE
    assert second.startswith("v1,")
    assert verify_standard(SECRET, headers, BODY, AT)
    assert verify_standard(older, headers, BODY, AT)
    assert not verify_standard(new_standard_secret(), headers, BODY, AT)


@pytest.mark.parametrize(("seconds", "taken"), [(300, True), (301, False), (-300, True), (-301, False)])
def test_an_old_request_is_refused(seconds: int, taken: bool) -> None:
    headers = sign_standard([SECRET], ID, AT, BODY)
    assert verify_standard(SECRET, headers, BODY, AT + timedelta(seconds=seconds)) is taken


@pytest.mark.parametrize("name", [ID_HEADER, TIMESTAMP_HEADER, SIGNATURES_HEADER])
@pytest.mark.parametrize("value", ["", "1614265331", "v2,g0hM9SsE", "ü", "\udc80"])
def test_another_id_time_or_signature_is_refused(name: str, value: str) -> None:
    headers = sign_standard([SECRET], ID, AT, BODY) | {name: value}
    assert not verify_standard(SECRET, headers, BODY, AT)
    del headers[name]
    assert not verify_standard(SECRET, headers, BODY, AT)


def test_another_body_is_refused() -> None:
    assert not verify_standard(SECRET, sign_standard([SECRET], ID, AT, BODY), BODY + b" ", AT)


def of(length: int) -> str:
    return "whsec_" + base64.b64encode(bytes(length)).decode()


@pytest.mark.parametrize(
    ("secret", "words"),
    [
        ("", "does not begin with whsec_"),
        (SECRET.removeprefix("whsec_"), "does not begin with whsec_"),
        ("whsec_?", "is not Base64"),
        ("whsec_ü", "is not Base64"),
        (of(23), "stands for 23 bytes"),
        (of(65), "stands for 65 bytes"),
    ],
)
def test_what_is_no_secret_says_why(secret: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        read_standard_secret(secret)


def test_a_new_secret_has_256_bits_and_is_never_the_same() -> None:
    assert len(read_standard_secret(new_standard_secret())) == 32
    assert new_standard_secret() != new_standard_secret()
    assert [len(read_standard_secret(of(length))) for length in (24, 64)] == [24, 64]
