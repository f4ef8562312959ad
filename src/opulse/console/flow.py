"""Read the overview over the doors of both wings."""

from __future__ import annotations

from sqlalchemy import Connection

from opulse.console.contexts import Overview, SetUp, dead_job
from opulse.experience.directory import views as directory
from opulse.experience.distributions import DistributionState
from opulse.experience.distributions.flow.reading import list_distributions
from opulse.experience.surveys.flow import list_surveys
from opulse.experience.surveys.models import SurveyState
from opulse.experience.workflows import Workflow
from opulse.experience.workflows import views as workflows
from opulse.jobs.table import list_dead
from opulse.monitoring.activations.models import Activation
from opulse.monitoring.activations.views import list_activations
from opulse.monitoring.notifications.flow.reading import list_notifications
from opulse.monitoring.recipients.flow.saving import list_recipients
from opulse.monitoring.recipients.models import Channel
from opulse.ports import Ports
from opulse.tenancy import Tenant, find_tenant
from opulse.tenancy import views as tenancy
from opulse.web.roles import Caller, Role
from opulse.wire.affected import ActivationState

PULSE_EXTENSION = "operational_pulse"
PULSE_TASK = "operational_pulse"
SURVEY_TASK = "xm_directory.distribute_survey"
ON = (DistributionState.RUNNING, DistributionState.PAUSED)


async def read_overview(ports: Ports, caller: Caller, wing: str) -> Overview:
    """What is on now, what was given up, and what is still to be set up."""
    tenant = await ports.db.read(find_tenant, caller.tenant)
    running = tuple(await list_distributions(ports, caller.tenant, states=ON))
    dead = await ports.db.read(list_dead, caller.tenant)
    opened = await ports.db.read(_open_activations, caller.tenant)
    return Overview(
        tenant=tenant,
        wing=wing,
        open_activations=tuple(opened),
        running=running,
        to_confirm=sum(one.counts.to_confirm for one in running),
        dead=tuple(dead_job(row) for row in dead),
        set_up=await _read_set_up(ports, tenant),
        relay=ports.relay() is not None,
        may_edit=caller.may(Role.EDITOR),
        is_admin=caller.may(Role.ADMIN),
    )


async def _read_set_up(ports: Ports, tenant: Tenant) -> SetUp:
    surveys = await list_surveys(ports, tenant.id)
    recipients = await list_recipients(ports, tenant.id)
    has_survey = any(one.state is SurveyState.ACTIVE for one in surveys)
    has_webhook = any(one.channel is Channel.WEBHOOK for one in recipients)
    may_mail = ports.relay() is not None and (tenant.mail_open or bool(tenant.allow_list))
    return await ports.db.read(_set_up_in, tenant.id, has_survey, has_webhook, may_mail)


def _set_up_in(conn: Connection, tenant: int, survey: bool, webhook: bool, mail: bool) -> SetUp:
    made = workflows.list_workflows(conn, tenant)
    folders = directory.list_directories(conn, tenant)
    accounts = tenancy.list_accounts(conn, tenant)
    return SetUp(
        extension=PULSE_EXTENSION in workflows.list_installs(conn, tenant),
        contacts=any(directory.list_contacts(conn, tenant, one.id, limit=1) for one in folders),
        mailing_list=bool(directory.list_lists(conn, tenant)),
        service_account=any(not one.revoked for one in accounts),
        recipient_workflow=_leads_to(made, PULSE_TASK),
        recipient=webhook,
        survey=survey,
        notification=bool(list_notifications(conn, tenant)),
        survey_workflow=_leads_to(made, SURVEY_TASK),
        mail=mail,
    )


def _leads_to(made: list[Workflow], task: str) -> bool:
    """Whether a workflow that is on has a task of this type."""
    return any(one.enabled and any(step.type == task for step in one.document.tasks) for one in made)


def _open_activations(conn: Connection, tenant: int) -> list[Activation]:
    return list_activations(conn, tenant, state=ActivationState.ACTIVE)
