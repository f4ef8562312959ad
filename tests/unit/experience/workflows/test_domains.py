"""Which hosts an extension may call."""

from __future__ import annotations

import pytest

from opulse.experience.workflows.rules.domains import may_call


@pytest.mark.parametrize(
    ("address", "domains", "allowed"),
    [
        ("https://cloud.example.org/oauth/token", ["cloud.example.org"], True),
        ("cloud.example.org:8443", ["cloud.example.org"], True),
        ("http://127.0.0.1:8080/oauth/token", ["127.0.0.1:9090"], True),
        ("https://Login.Example.ORG./x", ["example.org"], True),
        ("https://example.org.evil.test", ["example.org"], False),
        ("https://notexample.org", ["example.org"], False),
        ("https://cloud.example.org@evil.test/", ["cloud.example.org"], False),
        ("https://evil.test", ["*"], True),
        ("https://evil.test", [], False),
        ("https://evil.test", [""], False),
        ("", ["*"], False),
        ("http://[broken", ["*"], False),
    ],
)
def test_a_host_is_called_only_below_an_accepted_domain(
    address: str, domains: list[str], allowed: bool
) -> None:
    assert may_call(address, domains) is allowed
