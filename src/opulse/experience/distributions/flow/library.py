"""Messages and looks that a task can choose: saved by people, checked when they are saved, copied when they are used."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection

from opulse.experience.distributions.models import Wording
from opulse.experience.distributions.models.library import LibraryMessage, MailTemplate, MessageCategory
from opulse.experience.distributions.store import library as store
from opulse.mail.shell import find_problems
from opulse.ports import Ports
from opulse.tenancy import audit_in
from opulse.wire.identifiers import Prefix, new_id

MOST_NAME = 200
MOST_SUBJECT = 500
MOST_BODY = 50_000


class BadLibraryEntry(ValueError):
    """What was typed cannot be saved; each of ``problems`` is a sentence."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


async def save_message(
    ports: Ports,
    tenant: int,
    category: MessageCategory,
    name: str,
    texts: Mapping[str, Wording],
    actor: str,
    message: str = "",
) -> LibraryMessage:
    """Save it: a new one, or with ``message`` (MS_…) over that one. Raises BadLibraryEntry, or LookupError: no such message."""
    texts = {language.strip(): one for language, one in texts.items() if one.subject or one.body}
    if problems := _check(name, texts):
        raise BadLibraryEntry(problems)
    now = ports.clock.now()

    def unit(conn: Connection) -> LibraryMessage:
        before = store.find_message(conn, tenant, message) if message else None
        if message and before is None:
            raise LookupError(message)
        made = LibraryMessage(
            tenant, message or new_id(Prefix.MESSAGE), category, name.strip(), texts, actor, now
        )
        store.save_message(conn, made)
        audit_in(conn, tenant, actor, "message.saved", made.id, _told(before), _told(made), now)
        return made

    return await ports.db.write(unit)


async def list_messages(ports: Ports, tenant: int, category: str = "") -> list[LibraryMessage]:
    """By name; of one category, or all."""
    return await ports.db.read(store.list_messages, tenant, category)


async def get_message(ports: Ports, tenant: int, message: str) -> LibraryMessage:
    """Raises LookupError."""
    found = await ports.db.read(store.find_message, tenant, message)
    if found is None:
        raise LookupError(message)
    return found


async def delete_message(ports: Ports, tenant: int, message: str, actor: str) -> None:
    """Forget it; distributions keep the copy that they were made with. Raises LookupError."""
    now = ports.clock.now()

    def unit(conn: Connection) -> None:
        found = store.find_message(conn, tenant, message)
        if found is None:
            raise LookupError(message)
        store.delete_message(conn, tenant, message)
        audit_in(conn, tenant, actor, "message.deleted", message, _told(found), None, now)

    await ports.db.write(unit)


async def save_template(
    ports: Ports, tenant: int, name: str, source: str, actor: str, template: str = ""
) -> MailTemplate:
    """Compile it and save it. Raises BadLibraryEntry with all that is wrong, or LookupError: no such template."""
    problems = [] if 0 < len(name.strip()) <= MOST_NAME else [f"a name has 1 to {MOST_NAME} characters"]
    if problems := [*problems, *find_problems(source)]:
        raise BadLibraryEntry(problems)
    now = ports.clock.now()

    def unit(conn: Connection) -> MailTemplate:
        known = store.find_template(conn, tenant, template) if template else None
        if template and known is None:
            raise LookupError(template)
        made = MailTemplate(
            tenant, template or new_id(Prefix.MAIL_TEMPLATE), name.strip(), source, actor, now
        )
        store.save_template(conn, made)
        before = {"name": known.name, "length": len(known.source)} if known else None
        after = {"name": made.name, "length": len(source)}
        audit_in(conn, tenant, actor, "mail_template.saved", made.id, before, after, now)
        return made

    return await ports.db.write(unit)


async def list_templates(ports: Ports, tenant: int) -> list[MailTemplate]:
    """By name."""
    return await ports.db.read(store.list_templates, tenant)


async def get_template(ports: Ports, tenant: int, template: str) -> MailTemplate:
    """Raises LookupError."""
    found = await ports.db.read(store.find_template, tenant, template)
    if found is None:
        raise LookupError(template)
    return found


async def delete_template(ports: Ports, tenant: int, template: str, actor: str) -> None:
    """Forget it; distributions keep the copy that they were made with. Raises LookupError."""
    now = ports.clock.now()

    def unit(conn: Connection) -> None:
        found = store.find_template(conn, tenant, template)
        if found is None:
            raise LookupError(template)
        store.delete_template(conn, tenant, template)
        audit_in(conn, tenant, actor, "mail_template.deleted", template, {"name": found.name}, None, now)

    await ports.db.write(unit)


def _check(name: str, texts: Mapping[str, Wording]) -> list[str]:
    problems = []
    if not 0 < len(name.strip()) <= MOST_NAME:
        problems.append(f"a name has 1 to {MOST_NAME} characters")
    if not texts:
        problems.append("a message needs a subject or a body in one language at least")
    if any(not 2 <= len(language) <= 20 for language in texts):
        problems.append("a language is a code such as en, de or pt-BR")
    if any(len(one.subject) > MOST_SUBJECT or len(one.body) > MOST_BODY for one in texts.values()):
        problems.append(f"a subject has at most {MOST_SUBJECT} characters, a body {MOST_BODY:,}")
    return problems


def _told(one: LibraryMessage | None) -> dict[str, object] | None:
    if one is None:
        return None
    return {"name": one.name, "category": one.category.value, "languages": list(one.texts)}
