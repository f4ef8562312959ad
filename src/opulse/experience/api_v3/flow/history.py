"""One contact's mails and answers."""

from __future__ import annotations

from opulse.experience.api_v3 import store
from opulse.experience.api_v3.models import AnswerGiven, MailSent
from opulse.experience.responses.flow.policies import get_policy
from opulse.experience.responses.models import Identity
from opulse.ports import Ports


async def list_mails(ports: Ports, tenant: int, contact: str, after: str, limit: int) -> list[MailSent]:
    """The newest first, behind the invitation ``after``; empty: from the newest."""
    return await ports.db.read(store.list_mails, tenant, contact, after, limit)


async def list_answers(ports: Ports, tenant: int, contact: str, after: str, limit: int) -> list[AnswerGiven]:
    """The newest first, behind the response ``after``. None of surveys that promise not to lead an answer back to somebody."""
    surveys = await ports.db.read(store.list_surveys_of, tenant, contact)
    named = [
        survey  # a person was asked with a handful
        for survey in surveys
        if (await get_policy(ports, tenant, survey)).identity is Identity.NAMED
    ]
    return await ports.db.read(store.list_answers, tenant, contact, named, after, limit)
