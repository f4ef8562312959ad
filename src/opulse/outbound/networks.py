"""A list of networks that an administrator keeps in a file, and whether an address lies in one of them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_address, ip_network
from pathlib import Path
from typing import Self


@dataclass(frozen=True, slots=True)
class Networks:
    """Networks that do not overlap, in order; thousands of them are asked in a microsecond. Empty: no address lies in it."""

    starts: tuple[tuple[int, int], ...] = ()
    ends: tuple[tuple[int, int], ...] = ()
    """First and last address of each network as (IP version, number)."""

    @classmethod
    def of(cls, lines: Iterable[str]) -> Self:
        """From lines such as ``40.92.0.0/15  # mail protection``; an address alone is a network of one.

        Raises:
            ValueError: a line is no network; the message gives its number and what it should look like.
        """
        four: list[IPv4Network] = []
        six: list[IPv6Network] = []
        for number, line in enumerate(lines, 1):
            written = line.partition("#")[0].strip()
            if not written:
                continue
            try:
                network = ip_network(written, strict=False)
            except ValueError as error:
                raise ValueError(
                    f"line {number}: {written!r} is no network; write one such as 40.92.0.0/15 or 2a01:111::/32"
                ) from error
            if isinstance(network, IPv4Network):
                four.append(network)
            else:
                six.append(network)
        kept: tuple[IPv4Network | IPv6Network, ...] = (*collapse_addresses(four), *collapse_addresses(six))
        return cls(
            tuple((one.version, int(one.network_address)) for one in kept),
            tuple((one.version, int(one.broadcast_address)) for one in kept),
        )

    @classmethod
    def read(cls, path: Path) -> Self:
        """From a file. Raises ``ValueError`` that names the file, and the line where one is wrong."""
        try:
            return cls.of(path.read_text(encoding="utf-8").splitlines())
        except OSError as error:
            raise ValueError(f"cannot read {path}: {error.strerror}") from error
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from error

    def __contains__(self, address: str) -> bool:
        if not self.starts:
            return False
        try:
            found = ip_address(address)
        except ValueError:  # a socket's path, or nothing at all
            return False
        if found.version == 6 and found.ipv4_mapped is not None:
            found = found.ipv4_mapped
        key = (found.version, int(found))
        place = bisect_right(self.starts, key) - 1
        return place >= 0 and key <= self.ends[place]
