"""Where the Operational Pulse task of a workflow asks, and as whom: for what asks the same SysTrack beside its runs."""

from __future__ import annotations

from urllib.parse import urlsplit

from sqlalchemy import Connection

from opulse.bridges.systrack import Source
from opulse.experience.workflows import views
from opulse.experience.workflows.rules.domains import host_of, may_call
from opulse.ports import Ports

_EXTENSION = "operational_pulse"


async def read_source(ports: Ports, tenant: int, workflow: str) -> Source:
    """The task's form and its account, opened.

    Raises:
        LookupError: no such workflow, task or account, or its addresses may not be called; the message says which.
    """
    return await ports.db.read(_source_in, ports, tenant, workflow)


def tells_of_us(ports: Ports, cloud_url: str) -> bool:
    """Whether the Cloud URL is this installation's own."""
    host = urlsplit(cloud_url if "://" in cloud_url else f"//{cloud_url}").netloc
    return host in {urlsplit(url).netloc for url in (ports.public_url, ports.monitoring_url)}


def _source_in(conn: Connection, ports: Ports, tenant: int, workflow: str) -> Source:
    found = views.find_workflow(conn, tenant, workflow)
    task = next((one for one in found.document.tasks if one.type == _EXTENSION), None) if found else None
    if task is None:
        raise LookupError("there is no workflow of this id with an Operational Pulse task")
    account = views.find_account(conn, tenant, task.account)
    if account is None:
        raise LookupError("the task has no account: choose one in the workflow")
    given = {
        **account["fields"],
        **{key: ports.secrets.open(text) for key, text in account["sealed"].items()},
    }
    source = Source(
        str(task.form.get("token_url") or ""),
        str(task.form.get("cloud_url") or ""),
        str(task.form.get("client_id") or ""),
        given.get("systrack_api_account", ""),
        given.get("api_token", ""),
        given.get("systrack_api_key", ""),
    )
    domains = views.list_installs(conn, tenant).get(_EXTENSION, [])
    for url in filter(None, (source.token_url, source.cloud_url)):
        if not may_call(url, domains):
            raise LookupError(
                f"{host_of(url)} may not be called by this extension: an administrator allows it on the page Extensions"
            )
    return source
