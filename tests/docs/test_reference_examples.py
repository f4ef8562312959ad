"""What a page tells a reader to send is taken, and code that it tells them to copy does what it says."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import cast

from opulse.clock import SystemClock
from opulse.monitoring.recipients.presets import load_templates
from opulse.monitoring.systems.api.systems import SystemsBody
from opulse.wire.sensor_states import decode_batch, encode_batch
from opulse.wire.sensor_states_packed import decode_packed
from opulse.wire.signature import sign_lakeside
from opulse.wire.standard_webhooks import new_standard_secret, sign_standard
from tests.house.tree import ROOT
from tests.unit.wire.packed import to_rows

REFERENCE = ROOT / "docs/reference"


def sent(text: str) -> list[str]:
    """The JSON bodies of the page's calls of curl."""
    return re.findall(r"-d '(\{.*?\})'", text, re.DOTALL)


def test_the_example_batch_is_read_whole() -> None:
    (body,) = sent((REFERENCE / "api.md").read_text(encoding="utf-8"))
    read = decode_batch(body.encode())
    assert read.refused == []
    assert [one.triggered for one in read.batch.changes] == [True, False]
    assert read.batch.heartbeat is not None


def test_the_worked_packed_batch_says_what_its_rows_say() -> None:
    page = (REFERENCE / "packed-batches.md").read_text(encoding="utf-8")
    (dump,) = re.findall(r"```text\n(.*?)```", page, re.DOTALL)
    (rows,) = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    body = bytes.fromhex(dump)
    assert f"{len(body)} bytes" in page
    assert to_rows(decode_packed(body)) == decode_batch(rows.encode()).batch
    assert decode_batch(encode_batch(to_rows(decode_packed(body)))).refused == []


def test_the_example_system_is_accepted() -> None:
    (body, *_) = sent((ROOT / "docs/howto/run-the-agent.md").read_text(encoding="utf-8"))
    wanted = SystemsBody.model_validate(json.loads(body))
    (user,) = wanted.systems[0].users or []
    assert user.email == "maya@example.org"


def test_the_receivers_check_accepts_our_signature_and_no_other() -> None:
    page = (REFERENCE / "webhook.md").read_text(encoding="utf-8")
    code, _ = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    scope: dict[str, object] = {}
    exec(code, scope)
    is_ours = cast("Callable[[str, bytes, str], bool]", scope["is_ours"])
    assert is_ours("secret", b'{"eventId": 1}', sign_lakeside("secret", b'{"eventId": 1}'))
    assert not is_ours("secret", b'{"eventId": 2}', sign_lakeside("secret", b'{"eventId": 1}'))
    assert not is_ours("other", b'{"eventId": 1}', sign_lakeside("secret", b'{"eventId": 1}'))


def test_the_receiver_of_standard_webhooks_on_the_page_takes_what_we_send() -> None:
    page = (REFERENCE / "webhook.md").read_text(encoding="utf-8")
    _, code = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    scope: dict[str, object] = {}
    exec(code, scope)
    taken = cast("Callable[[str, dict[str, str], bytes], bool]", scope["is_fresh_and_ours"])
    old, new, now = new_standard_secret(), new_standard_secret(), SystemClock().now()
    headers = sign_standard([new, old], "d1", now, b"{}")
    assert taken(new, headers, b"{}")
    assert taken(old, headers, b"{}")
    assert not taken(new_standard_secret(), headers, b"{}")
    assert not taken(new, headers, b"[]")
    assert not taken(new, sign_standard([new], "d1", now - timedelta(minutes=6), b"{}"), b"{}")


def test_every_template_stands_on_the_page_of_the_webhook() -> None:
    page = (REFERENCE / "webhook.md").read_text(encoding="utf-8")
    named = re.findall(
        r"^\| `(\w+)` \| ", page[page.index("## Templates") : page.index("## Values")], re.MULTILINE
    )
    assert set(named) == {template.name for template in load_templates()}
