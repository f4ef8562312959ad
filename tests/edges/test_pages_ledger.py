"""The ledger's page and its files, as each role sees them."""

from __future__ import annotations

import re

from opulse.clock import ManualClock
from tests.edges.console import Console, text_of
from tests.unit.experience.impact.incident import ACTIVATION, Incident, furnish

HERE = f"/activations/{ACTIVATION}/ledger"


async def _sixty(console: Console, clock: ManualClock) -> None:
    """60 affected; the first 55 led to a stranger, the others were not heard of."""
    incident = Incident(console.ports, clock, console.tenant)
    await furnish(incident, 60)
    await incident.fetching()
    for system in range(55):
        await incident.reached(system, system, reason="no_contact")


async def test_the_page_of_each_role_its_pages_filters_and_files(
    console: Console, clock: ManualClock
) -> None:
    await _sixty(console, clock)
    first = await console.editor.get(HERE)
    seen = text_of(first.text)
    assert "60 of 60 affected systems: none is missing" in seen
    assert "No contact (55)" in seen and "p0@ example.org" in seen and "LT-0049" in seen
    assert "LT-0050" not in seen and "The sum does not hold" not in seen
    assert f'href="/why?activation={ACTIVATION}&amp;q=LT-0000"' in first.text
    onward = re.search(r'href="(/activations/[^"]+after=[^"#]+)#systems" rel="next"', first.text)
    assert onward, first.text
    second = text_of((await console.editor.get(onward.group(1).replace("&amp;", "&"))).text)
    assert "LT-0050" in second and "LT-0059" in second and "LT-0049" not in second

    plain = (await console.viewer.get(HERE)).text
    assert (
        "p0@" not in plain and "corp" not in plain and "/why?activation" not in plain and "LT-0049" in plain
    )
    assert "LT-0000" not in text_of((await console.viewer.get(f"{HERE}?q=p0@")).text)

    some = await console.editor.get(f"{HERE}?state=joined_later")
    assert "LT-0059" in some.text and "LT-0000" not in some.text
    file = re.search(r'href="([^"]+\.csv[^"]*)"', some.text)
    assert file and file.group(1) == f"{HERE}.csv?state=joined_later"
    table = await console.editor.get(file.group(1))
    assert table.headers["content-type"].startswith("text/csv")
    assert table.text.count("joined_later") == 5 == len(table.text.splitlines()) - 1
    lines = (await console.viewer.get(f"{HERE}.ndjson")).text
    assert len(lines.splitlines()) == 60 and "p0@" not in lines

    for wrong in ("state=gone", "group=Nobody", "wave=x", "after=elsewhere"):
        refused = await console.editor.get(f"{HERE}?{wrong}")
        assert refused.status_code == 422 and "Nothing is shown" in refused.text, wrong
    assert (await console.editor.get("/activations/unknown/ledger")).status_code == 404
    assert (await console.editor.get("/activations/unknown/ledger.csv")).status_code == 404
