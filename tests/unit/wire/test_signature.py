import hmac

import pytest

from opulse.wire.signature import SIGNATURE_HEADER, sign_lakeside, verify_lakeside

SECRET = "s3cr3t-for-tests"
BODY = b'{"eventId":"7f0f3c1e-2f7a-4d0b-9a41-5b8f6e2c9d10","eventType":"SensorNotification.Activated"}'
VECTOR = "/++crYByvqOPpw1pmDC63GzNMBOrWynk/PfTPaZxn6k="


def test_the_vector_of_the_specification() -> None:
    assert len(BODY) == 93
    assert sign_lakeside(SECRET, BODY) == VECTOR
    assert verify_lakeside(SECRET, BODY, VECTOR)
    assert SIGNATURE_HEADER == "x-lakeside-hmac-sha256"


@pytest.mark.parametrize(
    "signature", ["", VECTOR.lower(), VECTOR[:-1], VECTOR + "=", "\udc80", "ü", "é" * 44]
)
def test_another_signature_is_refused(signature: str) -> None:
    assert not verify_lakeside(SECRET, BODY, signature)


def test_another_body_or_secret_is_refused() -> None:
    assert not verify_lakeside(SECRET, BODY + b"\n", VECTOR)
    assert not verify_lakeside(SECRET + "x", BODY, VECTOR)


def test_check_2_one_changed_byte_fails_and_the_comparison_takes_constant_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compared = []

    def compare(one: bytes, other: bytes) -> bool:
        compared.append((one, other))
        return real(one, other)

    real = hmac.compare_digest
    monkeypatch.setattr(hmac, "compare_digest", compare)
    assert verify_lakeside(SECRET, BODY, VECTOR)
    for place in range(len(BODY)):
        changed = BODY[:place] + bytes([BODY[place] ^ 1]) + BODY[place + 1 :]
        assert not verify_lakeside(SECRET, changed, VECTOR)
    for place in range(len(VECTOR)):
        other = VECTOR[:place] + ("A" if VECTOR[place] != "A" else "B") + VECTOR[place + 1 :]
        assert not verify_lakeside(SECRET, BODY, other)
    assert not verify_lakeside(SECRET, BODY, VECTOR.swapcase())
    # every answer came from the comparison of the whole, never from one that ends at the first difference
    assert len(compared) == 1 + len(BODY) + len(VECTOR) + 1
