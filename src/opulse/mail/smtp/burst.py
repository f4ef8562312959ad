"""One burst of mails over one session: an outcome for each, in the order the relay settles them.

With PIPELINING a mail costs one round trip: the end of one message and the commands of the next leave in one write.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from opulse.mail.models import Envelope, Outcome, OutcomeReason, Stage
from opulse.mail.smtp.mails import Mail, from_reply, not_sent, prepare, unknown
from opulse.mail.smtp.replies import Reply, SessionBroken
from opulse.mail.smtp.session import Session
from opulse.observe import faults

BURST = 20
"""Mails that one burst holds at most: what may be left in ``sending`` by a crash, per connection."""

Stop = Callable[[], bool]
"""Asked before each message's data is written; true ends the burst, what is left is *not sent*."""


def never() -> bool:
    """The ``Stop`` of a burst that nobody stops."""
    return False


async def exchange(session: Session, envelopes: Sequence[Envelope], stop: Stop) -> AsyncGenerator[Outcome]:
    """Sends up to ``BURST`` envelopes; exactly one outcome for each. A session that broke is aborted."""
    mails = []
    for envelope in envelopes:
        match prepare(envelope, session.features):
            case Mail() as mail:
                mails.append(mail)
            case outcome:
                yield outcome
    settled = 0
    run = _pipelined if session.features.pipelining else _lock_step
    fault = SessionBroken(OutcomeReason.CONNECTION_LOST)
    try:
        async with aclosing(run(session, mails, stop)) as outcomes:
            async for outcome in outcomes:
                settled += 1
                session.mails += 1
                yield outcome
    except SessionBroken as broken:
        fault = broken
        session.abort()
    except BaseException:
        session.abort()  # a caller that walks away leaves a session in the middle of a message
        raise
    for mail in mails[settled:]:
        yield not_sent(mail.key, fault)


async def _pipelined(session: Session, mails: Sequence[Mail], stop: Stop) -> AsyncGenerator[Outcome]:
    if not mails:
        return
    _heed(stop)
    session.write(mails[0].group)
    for mail, following in zip(mails, [*(later.group for later in mails[1:]), b""], strict=True):
        refused = await _answer(session)
        _heed(stop)
        if refused is None:
            session.write(mail.data + following)
            faults.point("mail.data_written")
            outcome = await _end(session, mail)
            yield outcome
            _continue_after(outcome)
        else:
            yield from_reply(mail, refused.stage, refused.reply)
            session.write(refused.tidy + following)
            await session.reply()


async def _lock_step(session: Session, mails: Sequence[Mail], stop: Stop) -> AsyncGenerator[Outcome]:
    for mail in mails:
        _heed(stop)
        refused = await _one_by_one(session, mail)
        if refused is None:
            _heed(stop)
            session.write(mail.data)
            outcome = await _end(session, mail)
            yield outcome
            _continue_after(outcome)
        else:
            yield from_reply(mail, refused.stage, refused.reply)
            session.write(refused.tidy)
            await session.reply()


@dataclass(frozen=True, slots=True)
class _Refused:
    """The command that was refused, and what brings the relay back to where the next mail can begin (one reply)."""

    stage: Stage
    reply: Reply
    tidy: bytes = b"RSET\r\n"


async def _answer(session: Session) -> _Refused | None:
    """The relay's answer to a group of MAIL, RCPT and DATA; None: go on with the message."""
    sender = await session.reply()
    recipient = await session.reply()
    data = await session.reply()
    # A relay may say 354 although it refused the recipient: then it waits for a message, and gets an empty one,
    # which it cannot deliver to anybody (RFC 2920 3.1).
    tidy = b".\r\n" if data.code == 354 else b"RSET\r\n"
    if not sender.good:
        return _Refused(Stage.MAIL, _allowed(sender), tidy)
    if not recipient.good:
        return _Refused(Stage.RCPT, recipient, tidy)
    return None if data.code == 354 else _Refused(Stage.DATA, data, tidy)


async def _one_by_one(session: Session, mail: Mail) -> _Refused | None:
    for stage, command in ((Stage.MAIL, mail.mail), (Stage.RCPT, mail.rcpt)):
        session.write(command)
        reply = await session.reply()
        if not reply.good:
            return _Refused(stage, _allowed(reply))
    session.write(b"DATA\r\n")
    reply = await session.reply()
    return None if reply.code == 354 else _Refused(Stage.DATA, reply)


async def _end(session: Session, mail: Mail) -> Outcome:
    """What becomes of a mail whose end is written."""
    try:
        reply = await session.last_reply(session.relay.timeouts.data_end)
    except SessionBroken as broken:
        return unknown(mail.key, broken)
    return from_reply(mail, Stage.END, reply)


def _continue_after(outcome: Outcome) -> None:
    """Raises SessionBroken where the session ended with this outcome."""
    if outcome.reason is not OutcomeReason.REPLY:
        raise SessionBroken(outcome.reason, outcome.text, outcome.code)
    if outcome.code == 421:
        raise SessionBroken(OutcomeReason.RELAY_CLOSING, outcome.text, outcome.code)


def _allowed(reply: Reply) -> Reply:
    """530 is about us, not about this mail: the relay wants a password (RFC 4954 6)."""
    if reply.code == 530:
        raise SessionBroken(OutcomeReason.LOGIN_REFUSED, reply.text, reply.code)
    return reply


def _heed(stop: Stop) -> None:
    if stop():
        raise SessionBroken(OutcomeReason.STOPPED)
