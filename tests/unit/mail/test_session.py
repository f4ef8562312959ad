"""Before the first mail: greeting, TLS, login, and what the relay can carry."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Session
from aiosmtpd.smtp import Envelope as SmtpEnvelope

from opulse.mail.models import Envelope, Outcome, OutcomeReason, OutcomeState, Relay, Security
from opulse.mail.smtp import send_one
from opulse.mail.smtp.replies import Reply, ReplyParser, SessionBroken
from opulse.mail.smtp.session import read_features
from tests.unit.mail.conftest import Certificates
from tests.unit.mail.relays import Scripted, mail, plain

ScriptedRelay = Callable[..., Awaitable[Scripted]]


class Kept:
    """A handler that keeps the bodies and whether the session was encrypted."""

    def __init__(self) -> None:
        self.mails: list[tuple[bytes, bool]] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: SmtpEnvelope) -> str:
        self.mails.append((envelope.original_content or b"", session.ssl is not None))
        return "250 ok"


@asynccontextmanager
async def tls_relay(certificates: Certificates, **options: Any) -> AsyncIterator[tuple[Kept, Relay]]:
    kept = Kept()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(kept, tls_context=certificates.server, loop=loop, hostname="relay", **options),
        "127.0.0.1",
        0,
    )
    port = server.sockets[0].getsockname()[1]
    yield kept, plain(port, security=Security.REQUIRED, ca_file=certificates.ca_file)
    server.close()
    await server.wait_closed()


def right_password(
    server: SMTP, session: Session, envelope: SmtpEnvelope, mechanism: str, data: Any
) -> AuthResult:
    right = (data.login, data.password) == (b"pulse", "gehéim".encode())
    return AuthResult(success=right, handled=False)


async def test_starttls_with_a_checked_certificate(certificates: Certificates) -> None:
    async with tls_relay(certificates, require_starttls=True) as (kept, relay):
        outcome = await send_one(relay, mail(1))
        assert outcome.state is OutcomeState.ACCEPTED
        assert kept.mails[0][1] is True


async def test_a_certificate_that_nobody_vouches_for_ends_it(certificates: Certificates) -> None:
    async with tls_relay(certificates) as (kept, relay):
        outcome = await send_one(replace(relay, ca_file=""), mail(1))
        assert (outcome.state, outcome.reason) == (OutcomeState.NOT_SENT, OutcomeReason.TLS_FAILED)
        assert kept.mails == []


async def test_opportunistic_takes_any_certificate_but_sends_it_no_password(
    certificates: Certificates,
) -> None:
    async with tls_relay(certificates) as (kept, relay):
        lenient = replace(relay, ca_file="", security=Security.OPPORTUNISTIC)
        assert (await send_one(lenient, mail(1))).state is OutcomeState.ACCEPTED
        assert kept.mails[0][1] is True
        with_password = replace(lenient, username="pulse", password="gehéim")
        assert (await send_one(with_password, mail(2))).reason is OutcomeReason.TLS_FAILED


async def test_tls_from_the_first_byte(certificates: Certificates) -> None:
    relay = Scripted()
    server = await asyncio.start_server(relay.serve, "127.0.0.1", 0, ssl=certificates.server)
    port = server.sockets[0].getsockname()[1]
    settings = plain(port, security=Security.TLS, ca_file=certificates.ca_file)
    assert (await send_one(settings, mail(1))).state is OutcomeState.ACCEPTED
    assert (
        await send_one(replace(settings, ca_file="/nowhere.pem"), mail(1))
    ).reason is OutcomeReason.TLS_FAILED
    server.close()
    await server.wait_closed()


async def test_required_tls_that_is_not_offered_sends_nothing(scripted: ScriptedRelay) -> None:
    relay = await scripted()
    outcome = await send_one(plain(relay.port, security=Security.REQUIRED), mail(1))
    assert (outcome.state, outcome.reason) == (OutcomeState.NOT_SENT, OutcomeReason.TLS_NOT_OFFERED)
    assert not any(line.startswith("MAIL") for line in relay.seen)


async def test_words_slipped_in_before_the_handshake_end_it(scripted: ScriptedRelay) -> None:
    relay = await scripted(offers=("STARTTLS",), answers={"STARTTLS": ["220 go\r\n250 slipped in"]})
    outcome = await send_one(plain(relay.port, security=Security.OPPORTUNISTIC), mail(1))
    assert (outcome.state, outcome.reason) == (OutcomeState.NOT_SENT, OutcomeReason.TLS_FAILED)


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
async def test_login(certificates: Certificates, mechanism: str) -> None:
    other = {"PLAIN": "LOGIN", "LOGIN": "PLAIN"}[mechanism]
    options = {"authenticator": right_password, "auth_required": True, "auth_exclude_mechanism": [other]}
    async with tls_relay(certificates, **options) as (kept, relay):
        right = replace(relay, username="pulse", password="gehéim")
        assert (await send_one(right, mail(1))).state is OutcomeState.ACCEPTED
        wrong = await send_one(replace(right, password="no"), mail(2))
        assert (wrong.state, wrong.reason, wrong.code) == (
            OutcomeState.NOT_SENT,
            OutcomeReason.LOGIN_REFUSED,
            535,
        )
        none = await send_one(relay, mail(3))
        assert (none.state, none.reason) == (OutcomeState.NOT_SENT, OutcomeReason.LOGIN_REFUSED)
        assert len(kept.mails) == 1


async def test_a_password_does_not_cross_a_wire_that_offers_no_tls(scripted: ScriptedRelay) -> None:
    relay = await scripted(offers=("AUTH PLAIN LOGIN",))
    settings = plain(relay.port, username="pulse", password="secret", security=Security.OPPORTUNISTIC)
    assert (await send_one(settings, mail(1))).reason is OutcomeReason.LOGIN_UNSAFE
    assert not any("AUTH" in line for line in relay.seen)
    chosen = replace(settings, security=Security.OFF)
    assert (await send_one(chosen, mail(1))).state is OutcomeState.ACCEPTED
    assert "AUTH PLAIN " + b64encode(b"\0pulse\0secret").decode() in relay.seen


async def test_a_relay_without_login_is_said_so(scripted: ScriptedRelay) -> None:
    relay = await scripted(offers=("AUTH GSSAPI",))
    outcome = await send_one(plain(relay.port, username="pulse"), mail(1))
    assert (outcome.state, outcome.reason) == (OutcomeState.NOT_SENT, OutcomeReason.LOGIN_NOT_OFFERED)


ASCII = b"Subject: a\r\n\r\nb\r\n"


@pytest.mark.parametrize(
    ("offers", "envelope", "state", "reason"),
    [
        (
            (),
            Envelope("k", "a@b.example", "jürgen@example.org", ASCII),
            "refused",
            OutcomeReason.NEEDS_SMTPUTF8,
        ),
        (
            ("SMTPUTF8",),
            Envelope("k", "a@b.example", "jürgen@example.org", ASCII),
            "accepted",
            OutcomeReason.REPLY,
        ),
        ((), Envelope("k", "a@b.example", "juergen@büro.example", ASCII), "accepted", OutcomeReason.REPLY),
        ((), Envelope("k", "", "a@b.example", ASCII), "accepted", OutcomeReason.REPLY),
        (
            (),
            Envelope("k", "a@b.example", "a@b.example", "\r\n\r\né".encode()),
            "refused",
            OutcomeReason.NEEDS_8BITMIME,
        ),
        (
            ("8BITMIME",),
            Envelope("k", "a@b.example", "a@b.example", "\r\n\r\né".encode()),
            "accepted",
            OutcomeReason.REPLY,
        ),
        (
            ("8BITMIME",),
            Envelope("k", "a@b.example", "a@b.example", "Subject: é\r\n\r\n".encode()),
            "refused",
            OutcomeReason.NEEDS_SMTPUTF8,
        ),
        (
            ("SIZE 10",),
            Envelope("k", "a@b.example", "a@b.example", ASCII),
            "refused",
            OutcomeReason.TOO_LARGE,
        ),
        (("SIZE 0",), Envelope("k", "a@b.example", "a@b.example", ASCII), "accepted", OutcomeReason.REPLY),
        (
            (),
            Envelope("k", "a@b.example", "a@b.example>\r\nDATA", ASCII),
            "refused",
            OutcomeReason.BAD_ADDRESS,
        ),
        (
            (),
            Envelope("k", "a@b.example", "two@b.example, a@b.example", ASCII),
            "refused",
            OutcomeReason.BAD_ADDRESS,
        ),
        ((), Envelope("k", "a b@c.example", "a@b.example", ASCII), "refused", OutcomeReason.BAD_ADDRESS),
    ],
)
async def test_what_a_relay_can_carry(
    scripted: ScriptedRelay, offers: tuple[str, ...], envelope: Envelope, state: str, reason: OutcomeReason
) -> None:
    relay = await scripted(offers=offers)
    outcome = await send_one(plain(relay.port), envelope)
    assert (outcome.key, outcome.state.value, outcome.reason) == ("k", state, reason)


async def test_an_international_domain_goes_out_in_ascii(scripted: ScriptedRelay) -> None:
    relay = await scripted(offers=())
    await send_one(plain(relay.port), Envelope("k", "a@b.example", "juergen@büro.example", ASCII))
    assert "RCPT TO:<juergen@xn--bro-hoa.example>" in relay.seen


async def test_our_name_is_an_address_literal_or_the_one_we_were_given(scripted: ScriptedRelay) -> None:
    relay = await scripted()
    await send_one(plain(relay.port), mail(1))
    await send_one(plain(relay.port, client_name="pulse.example.org"), mail(2))
    assert [line for line in relay.seen if line.startswith("EHLO")] == [
        "EHLO [127.0.0.1]",
        "EHLO pulse.example.org",
    ]


@pytest.mark.parametrize(
    ("data", "written"),
    [
        (b"a\r\n.\r\nb", b"a\r\n..\r\nb\r\n"),
        (b".\r\n..x\r\n", b"..\r\n...x\r\n"),
        (b"a\n.\nMAIL FROM:<evil@example.org>\r\n", b"a\r\n..\r\nMAIL FROM:<evil@example.org>\r\n"),
        (b"a\r.\r\n", b"a\r\n..\r\n"),
        (b"a\r\n.\rb\r\n", b"a\r\n..\r\nb\r\n"),
    ],
)
async def test_no_message_can_end_itself(scripted: ScriptedRelay, data: bytes, written: bytes) -> None:
    relay = await scripted()
    outcome: Outcome = await send_one(plain(relay.port), Envelope("k", "a@b.example", "c@d.example", data))
    assert outcome.state is OutcomeState.ACCEPTED
    assert relay.writes == [written]


def test_replies_come_in_any_pieces() -> None:
    whole = b"250-one\r\n250-two 2\r\n250 three\r\n354\r\n550 5.1.1 no\n"
    for cut in range(len(whole)):
        parser = ReplyParser()
        replies = parser.feed(whole[:cut]) + parser.feed(whole[cut:])
        assert replies == [
            Reply(250, ("one", "two 2", "three")),
            Reply(354, ("",)),
            Reply(550, ("5.1.1 no",)),
        ]
        assert not parser.pending


@pytest.mark.parametrize(
    "noise", [b"HTTP/1.1 400 Bad Request\r\n", b"\r\n", b"99 x\r\n", b"x" * 70_000, b"250-x\r\n" * 20_000]
)
def test_what_is_not_smtp_is_a_fault(noise: bytes) -> None:
    with pytest.raises(SessionBroken) as broken:
        ReplyParser().feed(noise)
    assert broken.value.reason is OutcomeReason.BAD_REPLY


def test_features_are_read_without_regard_to_case() -> None:
    features = read_features(
        Reply(250, ("relay.example", "pipelining", "size", "auth=plain LOGIN", "AUTH x", ""))
    )
    assert (features.pipelining, features.says_size, features.size) == (True, True, 0)
    assert features.logins == {"PLAIN", "LOGIN", "X"}
