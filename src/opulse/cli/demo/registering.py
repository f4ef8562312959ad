"""The estate's way into the installation: systems, groups, contacts, and the machine that the demo runs on."""

from __future__ import annotations

import platform
from collections.abc import Sequence

from opulse.cli.demo.calling import ApiClient
from opulse.cli.demo.models import DemoFailed
from opulse.cli.demo.scenarios import EVERYWHERE, ORGANISATION
from opulse.emulators.estate import Estate

AT_ONCE = 500
THIS_PROGRAM = "opulse"


async def register_systems(api: ApiClient, estate: Estate) -> dict[str, str]:
    """Name → GUID of every system of the estate."""
    guids: dict[str, str] = {}
    for start in range(0, len(estate.systems), AT_ONCE):
        part = estate.systems[start : start + AT_ONCE]
        answer = await api.put(
            "/api/v1/systems", {"systems": [system.as_system(estate.domain) for system in part]}
        )
        if answer["refused"]:
            raise DemoFailed(f"systems were refused: {answer['refused'][0]['reason']}")
        guids.update({taken["name"]: taken["system_id"] for taken in answer["systems"]})
    return guids


async def find_systems(api: ApiClient, estate: Estate) -> dict[str, str]:
    """Name → GUID, as registered at an earlier start."""
    names = {system.name for system in estate.systems}
    found: dict[str, str] = {}
    after: int | None = 0
    while after is not None:
        page = await api.get("/api/v1/systems", after=after, limit=1000)
        found.update({one["name"]: one["system_id"] for one in page["systems"] if one["name"] in names})
        after = page["next"]
    return found


async def make_groups(api: ApiClient, estate: Estate, guids: dict[str, str]) -> dict[str, str]:
    """A group of all workplaces and one per site. Name → id."""
    members = {EVERYWHERE: [guids[system.name] for system in estate.systems]}
    for site in estate.sites:
        members[site] = [guids[system.name] for system in estate.systems if system.site == site]
    made = {}
    for name, systems in members.items():
        group = await api.post("/api/v1/groups", {"name": name, "members": systems})
        made[name] = group["group_id"]
    return made


async def make_directory(api: ApiClient, estate: Estate) -> tuple[str, str]:
    """Prerequisites of the guide: a directory of the users and a mailing list. Their ids."""
    directory = (await api.post("/api/v1/directories", {"name": f"{ORGANISATION} people"}))["id"]
    rules = {"rules": [{"kind": "one_per_activation"}]}
    await api.put(f"/api/v1/directories/{directory}/frequency-rules", rules)
    mailing_list = await api.post(
        f"/api/v1/directories/{directory}/mailing-lists", {"name": "Everybody with a workplace"}
    )
    contacts = [person.as_contact() for person in estate.people() if person.in_directory]
    for start in range(0, len(contacts), AT_ONCE):
        taken = await api.post(
            f"/api/v1/directories/{directory}/contacts:bulk",
            {"contacts": contacts[start : start + AT_ONCE], "mailing_list": mailing_list["id"]},
        )
        if taken["refused"]:
            raise DemoFailed(f"contacts were refused: {taken['refused'][0]['reason']}")
    return directory, mailing_list["id"]


async def register_this_machine(api: ApiClient, estate: Estate) -> tuple[str, str]:
    """This machine as one more system, with an agent key of its own: its id and the key."""
    name = platform.node() or "this-machine"
    if any(system.name.casefold() == name.casefold() for system in estate.systems):
        name = f"{name} (this machine)"
    body = {
        "name": name,
        "operating_system": f"{platform.system()} {platform.release()}",
        "site": "Here",
        "users": [{**estate.yours.uses[0].as_user(), "is_logged_on": True}],
    }
    taken = (await api.put("/api/v1/systems", {"systems": [body]}))["systems"][0]
    key = await api.post(
        "/api/v1/keys",
        {"kind": "agent", "name": f"Agent of {name}", "scope": [taken["system_id"]]},
    )
    watch = {"variables": {"process": THIS_PROGRAM}}
    await api.patch("/api/v1/sensors/Process 1 Not Running", watch)
    return taken["system_id"], key["secret"]


async def open_mail(api: ApiClient, people: int) -> None:
    """A new tenant mails nobody. The demo's addresses end in its own sink, so its mail is opened."""
    await api.patch(
        "/api/v1/tenant",
        {"mail_open": True, "cap_per_activation": max(10_000, people), "confirm_above": max(2_000, people)},
    )


def candidates_of(estate: Estate, guids: dict[str, str], group: str) -> Sequence[str]:
    """GUIDs of the systems that a group watches."""
    return [guids[system.name] for system in estate.systems if group == EVERYWHERE or system.site == group]
