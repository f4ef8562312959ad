"""The page *Export and import*: a file out, the difference before anything is changed, and all of it or nothing."""

from __future__ import annotations

import re

from opulse.tenancy import views
from tests.edges.console import Console, text_of

ADDRESS = "/admin/configuration"
HEAD = "opulse_configuration: 1\n"
RECIPIENT = f"""{HEAD}recipients:
  Desk:
    type: System
    connection: Webhook
    webhook:
      url: https://127.0.0.1/hook
      authentication: {{type: Signed Secret, secret: (secret)}}
      body: '{{"a": 1}}'
"""


def _token(html: str) -> str:
    found = re.search(r'name="token" value="([0-9a-f]*)"', html)
    assert found
    return found.group(1)


async def test_a_file_out_and_in_again_differs_in_nothing(console: Console) -> None:
    out = await console.admin.post(f"{ADDRESS}/export")
    assert out.headers["content-disposition"] == 'attachment; filename="opulse-configuration.yaml"'
    assert out.text.startswith("# The configuration of one tenant")
    looked = await console.admin.post(
        f"{ADDRESS}/import", data={"do": "look"}, files={"file": ("out.yaml", out.content)}
    )
    assert "Nothing differs" in text_of(looked.text)
    assert 'value="apply"' not in looked.text
    rows = await console.ports.db.read(views.list_audit, console.tenant, 5)
    assert rows[0]["action"] == "configuration.exported"


async def test_what_would_change_is_shown_and_then_exactly_that_is_applied(console: Console) -> None:
    text = (await console.admin.post(f"{ADDRESS}/export")).text
    changed = text.replace("confirm_above: ", "confirm_above: 1")
    looked = await console.admin.post(f"{ADDRESS}/import", data={"document": changed, "do": "look"})
    words = text_of(looked.text)
    assert "What would change" in words
    assert re.search(r"confirm_above: \d+ → 1\d+", words)
    assert (await console.admin.post(f"{ADDRESS}/export")).text == text
    # somebody else changes the same setting meanwhile
    other = text.replace("confirm_above: ", "confirm_above: 2")
    theirs = await console.admin.post(f"{ADDRESS}/import", data={"document": other, "do": "apply"})
    assert theirs.status_code == 303
    apply = {"document": changed, "do": "apply", "token": _token(looked.text)}
    refused = await console.admin.post(f"{ADDRESS}/import", data=apply)
    assert refused.status_code == 409
    assert "was changed meanwhile" in text_of(refused.text)
    done = await console.admin.post(f"{ADDRESS}/import", data=apply | {"token": _token(refused.text)})
    assert done.status_code == 303
    assert (await console.admin.post(f"{ADDRESS}/export")).text == changed


async def test_a_missing_secret_is_asked_for_and_never_shown(console: Console) -> None:
    looked = await console.admin.post(f"{ADDRESS}/import", data={"document": RECIPIENT, "do": "look"})
    field = "secret:recipients/Desk/webhook/authentication/secret"
    assert f'name="{field}"' in looked.text
    form = {"document": RECIPIENT, "do": "apply", "token": _token(looked.text)}
    without = await console.admin.post(f"{ADDRESS}/import", data=form)
    assert without.status_code == 422
    assert "secrets are missing" in text_of(without.text)
    done = await console.admin.post(f"{ADDRESS}/import", data=form | {field: "hush hush"})
    assert done.status_code == 303
    out = (await console.admin.post(f"{ADDRESS}/export")).text
    assert "secret: (secret)" in out
    assert "hush" not in out


async def test_what_is_to_mend_stands_with_its_line(console: Console) -> None:
    document = f"{HEAD}groups:\n  Sales: {{kind: static, systems: [<b>PC</b>]}}\n"
    refused = await console.admin.post(f"{ADDRESS}/import", data={"document": document, "do": "apply"})
    assert refused.status_code == 422
    words = text_of(refused.text)
    assert "3 groups/Sales/systems No system here is called '<b>PC</b>'." in words
    empty = await console.admin.post(f"{ADDRESS}/import", data={"document": " ", "do": "look"})
    assert empty.status_code == 422
    assert "Choose a file" in text_of(empty.text)
