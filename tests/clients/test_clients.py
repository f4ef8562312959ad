"""Public clients of the product, as they are on PyPI and npm, call a running server: every method that maps to a route works."""

from __future__ import annotations

import pytest

from tests.clients.conftest import Landscape
from tests.clients.table import Client, clients, fits

CLIENTS = clients()
LONG = [client for client in CLIENTS if any(method.is_long for method in client.methods)]


@pytest.mark.parametrize("client", CLIENTS, ids=lambda one: one.stem)
def test_every_mapped_method_works(landscape: Landscape, client: Client) -> None:
    _works(landscape, client, is_long=False)


@pytest.mark.long
@pytest.mark.parametrize("client", LONG, ids=lambda one: one.stem)
def test_methods_that_wait_by_themselves_work(landscape: Landscape, client: Client) -> None:
    _works(landscape, client, is_long=True)


def _works(landscape: Landscape, client: Client, *, is_long: bool) -> None:
    wanted = {one.name: one for one in client.mapped if is_long or not one.is_long}
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
