"""How far a task's requests reach: an installed extension calls the domains that an administrator accepted, and no other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

from opulse.experience.workflows.registry import Extension
from opulse.experience.workflows.rules.domains import host_of, may_call
from opulse.experience.workflows.store.accounts import list_installs
from opulse.outbound import OutboundClient, OutboundResponse
from opulse.outbound.models import AddressReason, AddressRefused
from opulse.ports import Ports


class RestrictedClient:
    """The outbound client for one extension. Every request is checked against the domains, then by the client's own guard."""

    def __init__(self, client: OutboundClient, domains: Sequence[str]) -> None:
        self._client = client
        self._domains = tuple(domains)

    def check(self, url: str) -> None:
        """Raises ``AddressRefused`` for an address outside the domains, or one that the guard refuses."""
        if not may_call(url, self._domains):
            raise DomainRefused(host_of(url))
        self._client.check(url)

    def is_named(self, url: str) -> bool:
        """See :meth:`OutboundClient.is_named`."""
        return self._client.is_named(url)

    async def request(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, **more: Any
    ) -> OutboundResponse:
        """See :meth:`OutboundClient.request`."""
        self.check(url)
        return await self._client.request(method, url, headers=headers or {}, **more)


class DomainRefused(AddressRefused):
    """The extension may not call this host: an administrator allows it on the page Extensions."""

    def __init__(self, host: str) -> None:
        super().__init__(AddressReason.RESERVED, host)
        self.args = (
            f"{host or 'the address'} is not among the domains that this extension may call: "
            "an administrator allows it on the page Extensions",
        )


async def restricted(ports: Ports, tenant: int, extension: Extension) -> Ports:
    """The ports as the extension's tasks get them. What ships with the product checks its own addresses."""
    if extension.built_in:
        return ports
    installed = await ports.db.read(list_installs, tenant)
    client = RestrictedClient(ports.http, installed.get(extension.name, []))
    return replace(ports, http=cast(OutboundClient, client))
