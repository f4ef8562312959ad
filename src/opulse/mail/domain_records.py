"""TXT records of domains, asked of a resolver with a limit on the time. dnspython does the asking."""

from __future__ import annotations

from dns.asyncresolver import Resolver
from dns.exception import DNSException
from dns.resolver import NXDOMAIN, NoAnswer


class DnsSilent(Exception):
    """The resolver gave no usable answer; the message says why. That there is no record is an answer."""


async def read_texts(name: str, resolver: str, seconds: float) -> tuple[str, ...]:
    """The TXT records of ``name``, each in one piece; none where there are none.

    ``resolver``: ``address`` or ``address:port`` of a DNS server; empty: those of this machine.

    Raises:
        DnsSilent: nobody answers within ``seconds``, or with a failure.
    """
    try:
        asks = make_resolver(resolver)
        answer = await asks.resolve(name, "TXT", lifetime=seconds)
    except (NXDOMAIN, NoAnswer):
        return ()
    except (DNSException, OSError, ValueError) as error:
        raise DnsSilent(f"{type(error).__name__}: {error}"[:200]) from error
    return tuple(b"".join(record.strings).decode("utf-8", "replace") for record in answer)


def make_resolver(resolver: str) -> Resolver:
    """Raises ValueError for what is no address."""
    if not resolver:
        return Resolver()
    made = Resolver(configure=False)
    host, mark, port = resolver.rpartition(":") if resolver.count(":") == 1 else (resolver, "", "")
    made.nameservers = [host or resolver]
    if mark:
        made.port = int(port)
    return made
