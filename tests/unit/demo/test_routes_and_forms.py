"""The demo's own routes name a guard each, and its form has the guide's sixteen fields."""

from __future__ import annotations

from fastapi import FastAPI

from opulse.cli.demo import api, pages
from opulse.cli.demo.procedures import distribute_survey, recipient_workflow, webhook
from opulse.experience.extensions.xm_directory.extension import DistributeSurvey
from opulse.web.roles import Role
from opulse.wire.webhook import DEFAULT_BODY
from tests.edges.matrix.routes import walk

TENANT = {"token_url": "http://127.0.0.1/token", "cloud_url": "127.0.0.1:80", "client_id": "c"}


def test_every_route_of_the_demo_names_who_may_call_it() -> None:
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    app.include_router(api.router)
    app.include_router(pages.router)
    found = {route.name: [guard.roles for guard in route.guards] for route in walk(app)}  # type: ignore[union-attr]
    viewer, editor = (Role.VIEWER,), (Role.EDITOR,)
    assert found == {
        "POST /api/v1/demo/incidents": [(Role.EDITOR, Role.INTEGRATION)],
        "GET /demo/inbox": [viewer],
        "GET /demo/inbox/{number}": [viewer],
        "GET /demo/inbox/{number}/html": [viewer],
        "GET /demo/incidents": [viewer],
        "POST /demo/incidents": [editor],
    }


def test_the_distribute_task_fills_the_sixteen_fields_of_the_guide() -> None:
    form = distribute_survey("CG_1", "SV_1")
    assert list(form) == [field.name for field in DistributeSurvey.form][:16]
    assert len(form) == 16


def test_the_recipient_workflow_has_the_two_json_fields_and_types_what_must_not_be_piped() -> None:
    document = recipient_workflow(TENANT, "POOL_1", "CG_1", "acc")
    assert [field["path"] for field in document["trigger"]["form"]["fields"]] == [
        "data.systemsAtActivationURL",
        "data.sensorNames",
    ]
    (task,) = document["tasks"]
    assert task["form"]["systems_url"] == "${a://Field/Systems URL}"
    assert {task["form"][name] for name in TENANT} == set(TENANT.values())


def test_the_webhook_sends_its_token_as_a_sensitive_header_and_the_default_body() -> None:
    recipient = webhook("http://127.0.0.1/trigger", "opi_secret")
    assert recipient["headers"] == [{"name": "X-API-TOKEN", "value": "opi_secret", "sensitive": True}]
    assert "body" not in recipient  # left out, it is the product's default
    assert "@{systemsCurrentlyAffectedURL}" in DEFAULT_BODY
