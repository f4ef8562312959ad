"""Keys of sender domains: made, published by a person, switched on, and what signs a distribution's mails."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from opulse.experience.distributions.models.library import DomainKey
from opulse.experience.distributions.rules.records import (
    DnsRecord,
    list_records,
    why_no_domain,
    why_no_selector,
)
from opulse.experience.distributions.store import library as store
from opulse.mail.signing import Algorithm, Signer, Signers, Signs, generate_key
from opulse.ports import Ports
from opulse.tenancy import audit_in
from opulse.wire.identifiers import Prefix, new_id


class BadDomainKey(ValueError):
    """This key cannot be made; the message says why."""


async def make_domain_key(
    ports: Ports, tenant: int, domain: str, selector: str, algorithm: Algorithm, actor: str
) -> DomainKey:
    """A new key, which does not sign yet: its record must be in the DNS first. Raises BadDomainKey."""
    domain, selector, now = domain.strip().lower(), selector.strip().lower(), ports.clock.now()
    if why := why_no_domain(domain) or why_no_selector(selector):
        raise BadDomainKey(why)
    private = generate_key(algorithm)
    signer = Signer(domain, selector, private)
    signer.check()
    made = DomainKey(
        tenant=tenant,
        id=new_id(Prefix.DOMAIN_KEY),
        domain=domain,
        selector=selector,
        algorithm=algorithm,
        public=signer.record[1],
        active=False,
        created_by=actor,
        created_at=now,
    )

    def unit(conn: Connection) -> None:
        store.insert_domain_key(conn, made, ports.secrets.seal(private))
        after = {"record": made.record_name, "algorithm": algorithm.value}
        audit_in(conn, tenant, actor, "domain_key.made", made.id, None, after, now)

    try:
        await ports.db.write(unit)
    except IntegrityError as error:
        raise BadDomainKey("this domain has a key with this selector: choose another selector") from error
    return made


async def switch_domain_key(ports: Ports, tenant: int, key: str, actor: str, *, active: bool) -> DomainKey:
    """Let it sign, or not any more; mails of the next minute follow. Raises LookupError."""

    def change(conn: Connection, found: DomainKey) -> None:
        store.set_active(conn, tenant, key, active)

    return await _change(ports, tenant, key, actor, "switched", change, {"active": active})


async def delete_domain_key(ports: Ports, tenant: int, key: str, actor: str) -> DomainKey:
    """Forget it, its private half too. Raises LookupError."""

    def change(conn: Connection, found: DomainKey) -> None:
        store.delete_domain_key(conn, tenant, key)

    return await _change(ports, tenant, key, actor, "deleted", change, {})


async def list_domain_keys(ports: Ports, tenant: int) -> list[DomainKey]:
    """By domain, the oldest first."""
    return await ports.db.read(store.list_domain_keys, tenant)


async def list_dns_records(ports: Ports, tenant: int, *, bounces: bool = True) -> dict[str, list[DnsRecord]]:
    """What to publish, by domain: that of the installation's sender, and those that have keys."""
    keys = await list_domain_keys(ports, tenant)
    own = ports.mail_from.rpartition("@")[2]
    relay = ports.relay()
    host = relay.host if relay else ""
    domains = dict.fromkeys([own, *(key.domain for key in keys)])
    return {domain: list_records(domain, host, keys, bounces and domain == own) for domain in domains}


def signer_in(conn: Connection, ports: Ports, tenant: int, address: str) -> Signs | None:
    """What signs mails from ``address``: the keys of its domain, for a signature of another domain does not make DMARC content;
    where it has none, the installation's own key."""
    domain = address.rpartition("@")[2]
    keys = store.list_signing(conn, tenant, domain)
    if not keys:
        return ports.signer
    return Signers(
        tuple(Signer(domain.lower(), selector, ports.secrets.open(sealed)) for selector, sealed in keys)
    )


async def _change(
    ports: Ports,
    tenant: int,
    key: str,
    actor: str,
    what: str,
    change: Callable[[Connection, DomainKey], None],
    after: dict[str, bool],
) -> DomainKey:
    now = ports.clock.now()

    def unit(conn: Connection) -> DomainKey:
        found = store.find_domain_key(conn, tenant, key)
        if found is None:
            raise LookupError(key)
        change(conn, found)
        before = {"record": found.record_name, "active": found.active}
        audit_in(conn, tenant, actor, f"domain_key.{what}", key, before, after, now)
        return store.find_domain_key(conn, tenant, key) or found

    return await ports.db.write(unit)
