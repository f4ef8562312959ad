import json

import pytest

from opulse.wire.errors import UnreadableBody
from opulse.wire.token_answer import (
    DEFAULT_LIFE,
    b2c_token_body,
    decode_token_answer,
    decode_token_refusal,
    oauth_token_body,
)


def test_check_9_expires_in_is_read_as_a_text_and_as_a_number() -> None:
    b2c = decode_token_answer(json.dumps(b2c_token_body("t0k3n", 3600)).encode())
    oauth = decode_token_answer(json.dumps(oauth_token_body("t0k3n", 3600, "read:x")).encode())
    assert b2c_token_body("t", 3600)["expires_in"] == "3600"
    assert (b2c.access_token, b2c.expires_in) == (oauth.access_token, oauth.expires_in) == ("t0k3n", 3600)
    assert oauth.scope == "read:x"
    assert "t0k3n" not in repr(b2c)


@pytest.mark.parametrize(
    ("written", "seconds"),
    [("3599", 3599), (3599, 3599), ("59.9", 59), (None, DEFAULT_LIFE), ("x", DEFAULT_LIFE), (True, DEFAULT_LIFE),
     (-1, DEFAULT_LIFE), (0, DEFAULT_LIFE), ("inf", DEFAULT_LIFE), ("nan", DEFAULT_LIFE), ([], DEFAULT_LIFE)],
)  # fmt: skip
def test_the_life_is_a_text_or_a_number(written: object, seconds: int) -> None:
    assert (
        decode_token_answer(json.dumps({"access_token": "t", "expires_in": written}).encode()).expires_in
        == seconds
    )


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"access_token":""}',
        b'{"access_token":"t","token_type":"mac"}',
        b'{"access_token":1}',
    ],
)
def test_what_grants_no_token_is_refused(body: bytes) -> None:
    with pytest.raises(UnreadableBody):
        decode_token_answer(body)


def test_a_refusal() -> None:
    refusal = decode_token_refusal(b'{"error":"access_denied","error_description":"AADB2C90225: no"}')
    assert (refusal.error, refusal.error_description) == ("access_denied", "AADB2C90225: no")
    assert decode_token_refusal(b"<html>").error == "invalid_response"
