"""What an incident leaves for those who watch: one trace from webhook to answer, numbers by stage, times on its page."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import httpx2
from prometheus_client.parser import text_string_to_metric_families

from opulse.cli.demo.calling import ApiClient
from opulse.clock import SystemClock
from opulse.emulators.people import Respondents, Visit, temper_of
from opulse.emulators.people.answering import SHORTEST_WAY
from tests.edges.console import text_of
from tests.faults.browser import link_in
from tests.faults.world import (
    ADMINISTRATOR,
    AT_ACTIVATION,
    PASSWORD,
    address,
    batch_of,
    make_tenant,
    make_world,
    report,
)
from tests.servers.opulse import OpulseProcess
from tests.servers.otlp import Collector, KeptSpan
from tests.servers.smtp import SmtpSink

NAME = "observed"
STAGES = {"activation", "webhook", "contact", "mail", "answer"}
PATIENCE = 40.0


async def test_an_incident_is_one_trace_and_its_stages_are_measured(
    tmp_path: Path, smtp_sink: SmtpSink
) -> None:
    with Collector() as collector:
        process, key = await _process(tmp_path, smtp_sink, collector.address)
        try:
            process.start()
            activation = await _incident(process, key, smtp_sink)
            metrics = await _get(process, "/metrics")
            page = await _journey(process, activation)
            ready = await _get(process, "/readyz")
        finally:
            process.stop()  # what was recorded is sent
    assert '"ready":true' in ready
    _one_trace(collector, activation)
    _nobody_is_named(collector.spans)
    _every_stage_is_measured(metrics)
    for stage in ("First sensor", "Webhook received", "First contact updated", "First mail accepted"):
        assert stage in page
    assert "not yet" not in page


async def _process(tmp_path: Path, sink: SmtpSink, endpoint: str) -> tuple[OpulseProcess, str]:
    data = tmp_path / "installation"
    process = OpulseProcess(
        data,
        otlp_endpoint=endpoint,
        tick_seconds=1,
        smtp_host="127.0.0.1",
        smtp_port=sink.port,
        smtp_security="none",
        mail_from="pulse@acme.example",
    )
    return process, await asyncio.to_thread(make_tenant, data)


async def _incident(process: OpulseProcess, key: str, sink: SmtpSink) -> str:
    """From the sensors to one person's answer. Returns the activation."""
    async with ApiClient(process.url, key) as client:
        incident = (await make_world(client, client, [NAME]))[NAME]
        assert await report(process.url, key, batch_of(1, incident.first))
        until = time.monotonic() + PATIENCE
        while True:
            found = (await client.get("/api/v1/activations"))["activations"]
            states = {}
            if found:
                activation = str(found[0]["activation_id"])
                states = (await client.get(f"/api/v1/activations/{activation}/ledger"))["states"]
            if states.get("accepted") == AT_ACTIVATION - 2:
                break
            assert time.monotonic() < until, states
            await asyncio.sleep(0.2)
    link = next(link_in(mail) for mail in sink.mails() if address(NAME, 1) in mail.recipients)
    await asyncio.sleep(SHORTEST_WAY)
    people = Respondents(SystemClock())
    try:
        await people.answer(Visit(link, "en", temper_of(7, address(NAME, 1), NAME)))
    finally:
        await people.aclose()
    return activation


async def _get(process: OpulseProcess, path: str) -> str:
    async with httpx2.AsyncClient(base_url=process.url, trust_env=False) as client:
        return (await client.get(path)).text


async def _journey(process: OpulseProcess, activation: str) -> str:
    async with httpx2.AsyncClient(base_url=process.url, trust_env=False, timeout=30) as client:
        form = {"email": ADMINISTRATOR, "password": PASSWORD}
        assert (await client.post("/sign-in", data=form)).status_code == 303
        return text_of((await client.get(f"/activations/{activation}/journey")).text)


def _one_trace(collector: Collector, activation: str) -> None:
    """The trace has the activation's id, and every span of the path hangs together in it."""
    assert collector.paths == {"/v1/traces"}
    trace = activation.replace("-", "")
    (delivered,) = collector.named("webhook.deliver")
    (accepted,) = collector.named("event.accept")
    runs, (asked,) = collector.named("workflow.run"), collector.named("people.ask")[:1]
    (answered, *_) = [
        one for one in collector.named("answer.submit") if one.attributes["opulse.outcome"] == "recorded"
    ]
    bursts = collector.named("mail.burst")
    for one in (delivered, accepted, *runs, asked, answered, *bursts):
        assert one.trace == trace, one
        assert not one.failed
    assert delivered.parent == ""
    assert accepted.parent == delivered.id
    assert {one.parent for one in (*runs, answered, *bursts)} == {accepted.id}
    assert asked.parent in {one.id for one in runs}
    assert sum(int(one.attributes["opulse.accepted"]) for one in bursts) == AT_ACTIVATION - 2
    assert answered.attributes["opulse.activation"] == activation


def _nobody_is_named(spans: list[KeptSpan]) -> None:
    told = " ".join(value for span in spans for value in span.attributes.values())
    assert "@" not in told
    assert "http" not in told


def _every_stage_is_measured(metrics: str) -> None:
    samples = {
        (sample.name, sample.labels.get("stage") or sample.labels.get("rule")): sample.value
        for family in text_string_to_metric_families(metrics)
        for sample in family.samples
    }
    counts = {stage: samples[("opulse_stage_seconds_count", stage)] for stage in STAGES}
    assert counts == {
        "activation": 1,
        "webhook": 1,
        "contact": 1,
        "mail": AT_ACTIVATION - 2,
        "answer": 1,
    }
    rules = {rule for name, rule in samples if name == "opulse_decisions_total"}
    assert {"activation", "delivery", "json_event", "reach", "conditions", "decide_invitations"} <= rules
