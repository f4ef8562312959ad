"""DKIM signatures that receivers can verify, and clear words about a key that cannot sign."""

from __future__ import annotations

from dataclasses import replace
from email import message_from_bytes
from pathlib import Path

import pytest

from opulse.bootstrap.ports import make_signer
from opulse.mail.message import build_frame
from opulse.mail.models import WireMessage
from opulse.mail.signing import Algorithm, CannotSign, Signer, Signers, generate_key
from opulse.mail.slots import slot
from opulse.settings import load_settings
from tests.unit.mail.domain_key import DOMAIN, SELECTOR, private_pem, verifies, verifies_by
from tests.unit.mail.test_message import PARTS

PEM = private_pem()
SIGNER = Signer(DOMAIN, SELECTOR, PEM)


@pytest.mark.parametrize("html", ["<p>Hello</p>", ""])
def test_a_receiver_verifies_what_is_sent(html: str) -> None:
    frame = build_frame(replace(PARTS, html=html, text=".\r\nHello  " + slot("name") + " \n\n\n"))
    signed = SIGNER.sign(frame.render({"name": "Zoë"}))
    assert isinstance(signed, WireMessage), "it can follow DATA as it is"
    assert signed.startswith(b"DKIM-Signature: ")
    assert not any(line.startswith(b".") for line in signed.split(b"\r\n"))
    assert signed.count(b"\n") == signed.count(b"\r\n")
    assert verifies(signed)
    assert not verifies(signed.replace(b"Hello", b"Hallo"))
    assert not verifies(signed.replace(b"One-Click", b"Two-Click"))
    assert not verifies(signed.replace(b"Subject: ", b"Subject: no "))


@pytest.mark.parametrize("algorithm", Algorithm)
def test_a_generated_key_verifies_by_the_record_that_is_shown(algorithm: Algorithm) -> None:
    signer = Signer(DOMAIN, "made", generate_key(algorithm))
    name, text = signer.record
    assert name == f"made._domainkey.{DOMAIN}"
    assert text.startswith(f"v=DKIM1; k={algorithm.value}; p=")
    frame = build_frame(replace(PARTS, html="<p>Hello  there</p>", text="Hello " + slot("name")))
    for values in ({"name": "Zoë"}, {"name": ""}, {"name": "x" * 300}):
        signed = signer.sign(frame.render(values))
        assert verifies_by(signed, signer)
        assert not verifies_by(signed.replace(b"Hello", b"Hallo"), signer)
        assert not verifies_by(signed.replace(b"Subject: ", b"Subject: no "), signer)
    other = Signer(DOMAIN, "made", generate_key(algorithm))
    assert not verifies_by(signed, other)


def test_two_keys_make_two_signatures_and_either_is_good_alone() -> None:
    both = [Signer(DOMAIN, one.value, generate_key(one)) for one in Algorithm]
    signed = Signers(tuple(both)).sign(build_frame(PARTS).render({}))
    assert signed.count(b"DKIM-Signature: ") == 2
    first, second = signed.split(b"DKIM-Signature: ")[1:]
    assert verifies_by(b"DKIM-Signature: " + second, both[0])
    first_alone = b"DKIM-Signature: " + first + second[second.index(b"\r\nFrom: ") + 2 :]
    assert verifies_by(first_alone, both[1])


def test_both_unsubscribe_headers_and_what_people_see_are_signed() -> None:
    signed = message_from_bytes(SIGNER.sign(build_frame(PARTS).render({})))
    [tag] = [part for part in signed["DKIM-Signature"].split(";") if part.strip().startswith("h=")]
    names = [name.strip() for name in tag.strip().removeprefix("h=").split(":")]
    assert {
        "from",
        "to",
        "subject",
        "date",
        "message-id",
        "list-unsubscribe",
        "list-unsubscribe-post",
    } <= set(names)
    assert "reply-to" in names
    without = message_from_bytes(SIGNER.sign(build_frame(replace(PARTS, reply_to="")).render({})))
    assert "reply-to" not in without["DKIM-Signature"]


@pytest.mark.parametrize(
    ("signer", "words"),
    [
        (replace(SIGNER, key="not a key"), "cannot be used"),
        (replace(SIGNER, key=PEM.replace("M", "-", 1)), "cannot be used"),
        (replace(SIGNER, selector=""), "a domain and a selector"),
        (replace(SIGNER, domain=""), "a domain and a selector"),
        (replace(SIGNER, selector="größe"), "cannot be used"),
    ],
)
def test_what_cannot_sign_says_so_before_the_first_mail(signer: Signer, words: str) -> None:
    with pytest.raises(CannotSign, match=words):
        signer.check()


def test_the_domain_is_that_of_the_sender_unless_it_is_set(tmp_path: Path) -> None:
    def made_of(**options: str) -> Signer | None:
        return make_signer(load_settings(tmp_path, mail_from="it@acme.example", **options))

    given = {"dkim_key": PEM, "dkim_selector": "pulse"}
    made = made_of(**given)
    assert made == Signer("acme.example", "pulse", PEM)
    assert made_of(**given, dkim_domain="mail.acme.example") == replace(SIGNER, domain="mail.acme.example")
    assert made_of() is None
    assert "PRIVATE" not in repr(made), "a key does not stand in a log"
    with pytest.raises(ValueError, match="a domain and a selector"):
        made_of(dkim_key=PEM)
