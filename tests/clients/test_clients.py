"""Public clients of the product, as they are on PyPI and npm, call a running server: every method that maps to a route works."""

from __future__ import annotations

import pytest

from tests.clients.conftest import Landscape
from tests.clients.table import Client, clients, fits

pytestmark = pytest.mark.long
"""The clients are installed for `make test-long` alone, and one of them sleeps ten seconds at a time."""


@pytest.mark.parametrize("client", clients(), ids=lambda one: one.stem)
def test_every_mapped_method_works(landscape: Landscape, client: Client) -> None:
    wanted = {one.name: one for one in client.mapped}
    called = {one.method: one for one in landscape.call(client, wanted)}
    assert set(called) == set(wanted), "the program calls what the table maps, no more and no less"
    wrong = {name: one.wrong for name, one in called.items() if one.wrong}
    known = {name for name, method in wanted.items() if method.fails}
    assert {name: text for name, text in wrong.items() if name not in known} == {}
    assert known <= set(wrong), "these work now: take their `fails` out of the table"
    astray = {
        name: [
            request
            for request in called[name].sent
            if not any(fits(one, *request[:2]) for one in method.sends)
        ]
        for name, method in wanted.items()
        if name not in known
    }
    missing = {
        f"{name}: {route}"
        for name, method in wanted.items()
        for route in method.sends
        if name not in known and not any(fits(route, *request[:2]) for request in called[name].sent)
    }
    assert missing == set(), "the table says what is sent"
    assert {name: requests for name, requests in astray.items() if requests} == {}
