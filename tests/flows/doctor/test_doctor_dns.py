"""Records of sending domains, asked of a real DNS server on this machine, which a test fills."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import cast

import dns.message
import dns.rcode
import dns.rrset
import pytest

from opulse.mail.domain_records import DnsSilent, read_texts
from opulse.pulses.doctor import Kind
from opulse.pulses.doctor.facts import DomainSeen
from opulse.pulses.doctor.rules.around import domain_findings, public_of

K = Kind


class Zone(asyncio.DatagramProtocol):
    """Answers TXT questions from ``texts``; NXDOMAIN for the rest; says nothing at all when it is None."""

    def __init__(self, texts: Mapping[str, list[str]] | None) -> None:
        self._texts = texts

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)  # the selector loop's is none by class

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if self._texts is None:
            return
        asked = dns.message.from_wire(data)
        answer = dns.message.make_response(asked)
        name = asked.question[0].name
        texts = self._texts.get(name.to_text(omit_final_dot=True))
        if texts is None:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        else:
            answer.answer.append(dns.rrset.from_text(name, 60, "IN", "TXT", *texts))
        self._transport.sendto(answer.to_wire(), addr)


@asynccontextmanager
async def zone(texts: Mapping[str, list[str]] | None) -> AsyncIterator[str]:
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: Zone(texts), ("127.0.0.1", 0))
    host, port = transport.get_extra_info("sockname")
    yield f"{host}:{port}"
    transport.close()


async def test_a_text_of_several_strings_is_one_and_what_is_not_there_is_none() -> None:
    async with zone({"acme.example": ['"v=spf1 " "-all"', '"other"']}) as resolver:
        assert set(await read_texts("acme.example", resolver, 3)) == {"v=spf1 -all", "other"}
        assert await read_texts("_dmarc.acme.example", resolver, 3) == ()


async def test_a_server_that_says_nothing_is_given_up_in_time() -> None:
    async with zone(None) as resolver:
        with pytest.raises(DnsSilent):
            await asyncio.wait_for(read_texts("acme.example", resolver, 0.5), 3)


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (DomainSeen("a.example", ("v=spf1 -all",), ("v=DMARC1; p=none",)), set()),
        (DomainSeen("a.example"), {K.SPF_MISSING, K.DMARC_MISSING}),
        (DomainSeen("a.example", ("v=spf1 a", "v=spf1 mx"), ("v=DMARC1",)), {K.SPF_SEVERAL}),
        (DomainSeen("a.example", ("v=spf1 +all",), ("v=DMARC1",)), {K.SPF_OPEN}),
        (DomainSeen("a.example", ("v=spf1 a",), ("v=DMARC1", "v=DMARC1")), {K.DMARC_MISSING}),
        (
            DomainSeen("a.example", ("v=spf1 a",), ("v=DMARC1",), {"s._domainkey": ("p=A", ())}),
            {K.DKIM_MISSING},
        ),
        (DomainSeen("a.example", ("v=spf1 a",), ("v=DMARC1",), {"s": ("p=A", ("p=B",))}), {K.DKIM_DIFFERS}),
        (DomainSeen("a.example", ("v=spf1 a",), ("v=DMARC1",), {"s": ("p=AB", ("v=DKIM1; p=A B",))}), set()),
        (DomainSeen("a.example", trouble="no answer"), {K.DNS_FAILS}),
    ],
)
def test_what_records_are_told(seen: DomainSeen, expected: set[Kind]) -> None:
    assert {finding.kind for finding in domain_findings(seen)} == expected


def test_the_key_of_a_record_is_read_without_white_space() -> None:
    assert public_of("v=DKIM1; k=rsa; p=MIG f\tMA") == "MIGfMA"
