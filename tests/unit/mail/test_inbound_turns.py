"""Several processes are given the same port for mails that come back: one listens, and another when it has ended."""

from __future__ import annotations

import asyncio
import smtplib
import socket

import pytest

from opulse.mail.inbound import Inbound, InTurn, Taken, Takes
from tests.unit.jobs.working import until


def door(kept: list[str], name: str, port: int) -> InTurn:
    async def take(sender: str, recipient: str, mail: bytes) -> Taken:
        kept.append(name)
        return Taken.KEPT

    return InTurn(Inbound(Takes(lambda _: True, take), "127.0.0.1", port), every=0.02)


def bring(port: int) -> None:
    with smtplib.SMTP("127.0.0.1", port, timeout=5) as client:
        client.sendmail("", ["bounces@example.org"], b"Subject: it came back\r\n\r\n.")


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


async def test_the_second_goes_on_without_the_port_and_takes_it_over() -> None:
    kept: list[str] = []
    port = free_port()
    first, second = door(kept, "first", port), door(kept, "second", port)
    await first.start()
    try:
        await second.start()
        assert (first.listens, second.listens) == (True, False)
        await asyncio.to_thread(bring, port)
        assert kept == ["first"]
        await first.stop()
        await until(lambda: second.listens)
        await asyncio.to_thread(bring, port)
        assert kept == ["first", "second"]
    finally:
        await first.stop()
        await second.stop()


async def test_one_that_waits_can_be_stopped() -> None:
    port = free_port()
    first, second = door([], "first", port), door([], "second", port)
    await first.start()
    await second.start()
    await second.stop()
    await first.stop()
    assert not second.listens


async def test_another_fault_than_a_taken_port_is_raised() -> None:
    async def take(sender: str, recipient: str, mail: bytes) -> Taken:
        return Taken.KEPT

    with pytest.raises(OSError, match="assign requested address"):
        await InTurn(Inbound(Takes(lambda _: True, take), "192.0.2.1", 0)).start()
