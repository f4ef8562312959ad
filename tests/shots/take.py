"""``make shots``: the main pages at 390, 1024 and 1440 pixels, light, dark and right to left, of a demo with an incident.

``ARGS="--out DIR --only systems,sensor --widths 390,1440 --looks light,rtl"``. Look at them: that is what they are for.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import typer
from playwright.async_api import Browser, Page, async_playwright

from tests.journeys.demo_process import DemoProcess
from tests.servers.browser import launch
from tests.shots.history import write_history

WIDTHS = (390, 1024, 1440)
LOOKS = ("light", "dark", "rtl")
SYSTEMS = 400
PATIENCE_SECONDS = 120.0


@dataclass(frozen=True)
class Shot:
    """A page by a short name. ``signed`` False: what nobody signs in for."""

    name: str
    address: str
    signed: bool = True


def shots_of(api: httpx2.Client, demo: DemoProcess) -> list[Shot]:
    """Every page to look at, with the ids of what the demo made."""

    def get(path: str, **query: str) -> Any:
        return api.get(f"/api/v1/{path}", params=query).json()

    activation = get("activations")["activations"][0]["activation_id"]
    objects = demo.state["objects"]
    sensor = next(one for one in get("sensors")["sensors"] if one["name"] == "Application Hang")["sensor_id"]
    system = get("systems", limit="1")["systems"][0]
    user = system["users"][0]["user_id"] if system["users"] else ""
    notification = get("notifications")["notifications"][0]["notification_id"]
    recipient = get("recipients")["recipients"][0]["recipient_id"]
    group = get("groups")["groups"][0]["group_id"]
    directory = get("directories")[0]["id"]
    survey = get("surveys")["surveys"][0]["survey_id"]
    workflows = {one["document"]["trigger"]["type"]: one for one in get("workflows")}
    telling, asking = workflows["json_event"], workflows["experience_id_change"]
    distribution = get("distributions", activation=activation)[0]["id"]
    pages = {
        "overview": "/",
        "issues": "/issues",
        "activations": "/activations",
        "activation": f"/activations/{activation}",
        "journey": f"/activations/{activation}/journey",
        "result": f"/activations/{activation}/result",
        "ledger": f"/activations/{activation}/ledger",
        "affected": f"/activations/{activation}/systems",
        "systems": "/systems",
        "system": f"/systems/{system['system_id']}",
        "system-here": f"/systems/{objects['machine']}",
        "system-activations": f"/systems/{system['system_id']}/activations",
        "import-systems": "/systems/import",
        "users": "/users",
        "user": f"/users/of?user={user}",
        "sensors": "/sensors?search=network",
        "sensor": f"/sensors/{sensor}",
        "sensor-week": f"/sensors/{sensor}?span=7d",
        "sensor-month": f"/sensors/{sensor}?span=30d",
        "groups": "/groups",
        "group": f"/groups/{group}",
        "notifications": "/notifications",
        "notification": f"/notifications/{notification}?edit=1",
        "recipients": "/recipients?edit=1",
        "recipient": f"/recipients/{recipient}?edit=1",
        "silences": "/silences",
        "deliveries": "/deliveries",
        "directory": f"/directory/{directory}",
        "lists": f"/directory/{directory}/lists",
        "surveys": "/surveys",
        "survey": f"/surveys/{survey}",
        "workflows": "/workflows",
        "workflow-telling": f"/workflows/{telling['id']}",
        "workflow-asking": f"/workflows/{asking['id']}",
        "event": f"/workflows/{telling['id']}/event",
        "task": f"/workflows/{asking['id']}/tasks/{asking['document']['tasks'][0]['id']}",
        "distributions": "/distributions",
        "distribution": f"/distributions/{distribution}",
        "sources": "/sources",
        "extensions": "/extensions",
        "ids": "/qualtrics-ids",
        "tenant": "/admin/tenant",
        "service-accounts": "/admin/service-accounts",
        "keys": "/admin/api-keys",
        "people": "/admin/people",
        "audit": "/admin/audit",
        "why": f"/why?q={system['name']}",
        "inbox": "/demo/inbox",
    }
    shots = [Shot(name, address) for name, address in pages.items()]
    return [
        *shots,
        Shot("sign-in", "/sign-in", signed=False),
        Shot("survey-page", survey_link(demo), signed=False),
    ]


def survey_link(demo: DemoProcess) -> str:
    """Of a mail in the demo's inbox that was not answered: the page that people get."""
    client = demo.signed_in()
    numbers = re.findall(r'href="/demo/inbox/(\d+)"', client.get("/demo/inbox").text)
    mails = (client.get(f"/demo/inbox/{number}").text for number in numbers)
    found = next(
        (link for mail in mails if (link := re.search(r'href="https?://[^/"]+(/s/[^"]+)"', mail))), None
    )
    client.close()
    if found is not None:
        return found.group(1)
    raise SystemExit("shots: no survey mail is in the inbox")


def wait_for(what: str, ask: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while not ask():
        if time.monotonic() > until:
            raise SystemExit(f"shots: {what} did not come within {PATIENCE_SECONDS:.0f} s")
        time.sleep(0.5)


def start_incident(api: httpx2.Client) -> None:
    """And wait until people have answered."""
    body = {"which": 1, "number": SYSTEMS // 4}
    activation = api.post("/api/v1/demo/incidents", json=body).json()["activation_id"]

    def answered() -> bool:
        totals = api.get(f"/api/v1/activations/{activation}/impact").json()["totals"]
        return int(totals["answered"]) >= 12

    wait_for("answers", answered)


async def take(
    browser: Browser, demo: DemoProcess, shots: list[Shot], width: int, look: str, out: Path
) -> None:
    """Every page once, whole, in one width and look."""
    context = await browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme="dark" if look == "dark" else "light",
        locale="ar" if look == "rtl" else "en",
        has_touch=width < 600,
        is_mobile=width < 600,
    )
    context.set_default_timeout(60_000)
    page = await context.new_page()
    for shot in (one for one in shots if not one.signed):
        await picture(page, demo, shot, width, look, out)
    await page.goto(f"{demo.address}/sign-in")
    await page.fill("input[name=email]", demo.email)
    await page.fill("input[name=password]", demo.password)
    async with page.expect_navigation():
        await page.keyboard.press("Enter")
    for shot in (one for one in shots if one.signed):
        await picture(page, demo, shot, width, look, out)
    await context.close()


async def picture(page: Page, demo: DemoProcess, shot: Shot, width: int, look: str, out: Path) -> None:
    """One page as a file; says when it is wider than the screen or did not answer 200."""
    answer = await page.goto(f"{demo.address}{shot.address}", wait_until="load")
    if look == "rtl":
        await page.evaluate("document.documentElement.dir = 'rtl'")
    wide = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    status = answer.status if answer else 0
    if wide > 0 or status != httpx2.codes.OK:
        typer.echo(f"{shot.name} at {width} {look}: answer {status}, {wide} pixels wider than the screen")
    await page.screenshot(path=out / f"{shot.name}-{width}-{look}.png", full_page=True)


async def main() -> None:
    asked = read_arguments()
    asked.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="opulse-shots-") as folder:
        data = Path(folder) / "demo"
        first = DemoProcess(data, "--port", "0", "--systems", str(SYSTEMS))
        first.stop()
        await write_history(data)
        demo = DemoProcess(data, "--port", "0", "--systems", str(SYSTEMS))
        try:
            with demo.api() as api:
                start_incident(api)
                shots = [one for one in shots_of(api, demo) if not asked.only or one.name in asked.only]
            async with async_playwright() as playwright:
                browser = await launch(playwright)
                for width in asked.widths:
                    for look in asked.looks:
                        await take(browser, demo, shots, width, look, asked.out)
                await browser.close()
        finally:
            demo.stop()
    typer.echo(f"{len(list(asked.out.glob('*.png')))} pictures in {asked.out}")


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make shots", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("build") / "shots")
    parser.add_argument("--only", type=lambda text: set(text.split(",")), default=set())
    parser.add_argument(
        "--widths", type=lambda text: [int(part) for part in text.split(",")], default=list(WIDTHS)
    )
    parser.add_argument("--looks", type=lambda text: text.split(","), default=list(LOOKS))
    return parser.parse_args()


if __name__ == "__main__":
    asyncio.run(main())
