"""A demo that starts on another port: what names the old address is pointed to the new one, by the API."""

from __future__ import annotations

from opulse.cli.demo.calling import ApiClient
from opulse.cli.demo.models import MadeObjects
from opulse.cli.demo.procedures import webhook


async def point_to(api: ApiClient, made: MadeObjects) -> None:
    """Correct the workflow's Token URL and Cloud URL and the recipient's URL; open links in old mails stay as they were sent."""
    tenant = await api.get("/api/v1/tenant")
    workflow = await api.get(f"/api/v1/workflows/{made.pulse_workflow}")
    document = workflow["document"]
    document["tasks"][0]["form"].update(token_url=tenant["token_url"], cloud_url=tenant["cloud_url"])
    await api.put(f"/api/v1/workflows/{made.pulse_workflow}", document)
    body = webhook(workflow["trigger_url"], made.recipient_key)
    await api.put(f"/api/v1/recipients/{made.recipient}", body)
