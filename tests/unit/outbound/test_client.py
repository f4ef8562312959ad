import asyncio
import gzip
import ssl
import zlib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from opulse.clock import ManualClock, SystemClock
from opulse.outbound import (
    AddressPolicy,
    AddressReason,
    AddressRefused,
    AnswerTooLarge,
    FailureReason,
    OutboundClient,
    OutboundFailed,
    OutboundTimeout,
)

from .loopback import Asked, LoopbackServer, answer, names, running

LOOPBACK = AddressPolicy.of(networks=["127.0.0.0/8"], allow_http=True)


async def test_a_post_to_our_own_origin(server: LoopbackServer) -> None:
    policy = AddressPolicy.of(origins=[f"127.0.0.1:{server.port}"])
    async with OutboundClient(policy, SystemClock()) as client:
        url = f"http://127.0.0.1:{server.port}/a%20b?x=1#part"
        response = await client.request(
            "POST", url, headers={"X-One": "1", "host": "evil.test"}, content=b"body"
        )
    assert (response.status, response.body) == (200, b"ok")
    assert response.headers["content-length"] == "2"
    assert 0 <= response.elapsed < 10
    (asked,) = server.asked
    assert asked.line == "POST /a%20b?x=1 HTTP/1.1"
    assert asked.body == b"body"
    assert asked.headers["host"] == f"127.0.0.1:{server.port}"
    assert asked.headers["x-one"] == "1"
    assert asked.headers["user-agent"].startswith("opulse/")
    assert asked.headers["accept-encoding"] == "identity"


async def test_a_name_is_kept_in_the_request_and_the_connection_goes_to_the_checked_address(
    server: LoopbackServer,
) -> None:
    async with OutboundClient(
        LOOPBACK, SystemClock(), resolve=names(hook_example_test=["127.0.0.1"])
    ) as client:
        await client.request("GET", f"http://Hook.Example.Test.:{server.port}/")
    assert server.asked[0].headers["host"] == f"hook.example.test:{server.port}"
    assert "content-length" not in server.asked[0].headers


async def test_a_private_address_is_refused_and_nothing_is_sent(server: LoopbackServer) -> None:
    policy = AddressPolicy(allow_http=True)
    async with OutboundClient(
        policy, SystemClock(), resolve=names(inside_test=["8.8.8.8", "127.0.0.1"])
    ) as client:
        for host in ("127.0.0.1", "inside.test"):
            with pytest.raises(AddressRefused) as refused:
                await client.request("GET", f"http://{host}:{server.port}/")
            assert refused.value.reason is AddressReason.LOOPBACK
    assert server.connections == 0


async def test_rebinding_the_second_look_is_checked_and_the_first_is_what_is_used(
    server: LoopbackServer,
) -> None:
    looks = 0

    async def changing(host: str, port: int) -> list[str]:
        nonlocal looks
        looks += 1
        return ["127.0.0.1"] if looks == 1 else ["10.0.0.1"]

    async with OutboundClient(LOOPBACK, SystemClock(), resolve=changing) as client:
        url = f"http://rebinding.test:{server.port}/"
        assert (await client.request("GET", url)).status == 200
        assert looks == 1
        with pytest.raises(AddressRefused):  # though a connection to the good address is still open
            await client.request("GET", url)
    assert len(server.asked) == 1


async def test_connections_are_kept_per_name_and_not_shared_between_names(server: LoopbackServer) -> None:
    resolve = names(one_test=["127.0.0.1"], two_test=["127.0.0.1"])
    async with OutboundClient(LOOPBACK, SystemClock(), resolve=resolve) as client:
        for name in ("one.test", "two.test", "one.test", "two.test"):
            await client.request("GET", f"http://{name}:{server.port}/")
    assert [asked.connection for asked in server.asked] == [1, 2, 1, 2]


async def test_cookies_are_not_kept(server: LoopbackServer) -> None:
    async def give_cookie(_: Asked) -> bytes:
        return answer(Set_Cookie="a=b")

    server.reply = give_cookie
    async with OutboundClient(LOOPBACK, SystemClock()) as client:
        for _ in range(2):
            await client.request("GET", f"http://127.0.0.1:{server.port}/")
    assert "cookie" not in server.asked[1].headers


async def test_a_redirect_is_an_answer(server: LoopbackServer) -> None:
    async def redirect(_: Asked) -> bytes:
        return answer(302, Location=f"http://127.0.0.1:{server.port}/elsewhere")

    server.reply = redirect
    async with OutboundClient(LOOPBACK, SystemClock()) as client:
        response = await client.request("GET", f"http://127.0.0.1:{server.port}/")
    assert (response.status, len(server.asked)) == (302, 1)


async def test_the_environments_proxy_is_not_used(
    server: LoopbackServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    async with OutboundClient(LOOPBACK, SystemClock()) as client:
        assert (await client.request("GET", f"http://127.0.0.1:{server.port}/")).status == 200


@pytest.mark.parametrize("declared", [True, False])
async def test_a_large_answer_is_cut_and_its_status_kept(server: LoopbackServer, declared: bool) -> None:
    async def large(_: Asked) -> bytes:
        if declared:
            return answer(202, b"x" * 2_000)
        return (
            b"HTTP/1.1 202 X\r\nTransfer-Encoding: chunked\r\n\r\n"
            + (b"100\r\n" + b"x" * 256 + b"\r\n") * 8
            + b"0\r\n\r\n"
        )

    server.reply = large
    async with OutboundClient(LOOPBACK, SystemClock()) as client:
        with pytest.raises(AnswerTooLarge) as error:
            await client.request("GET", f"http://127.0.0.1:{server.port}/", max_bytes=1_999)
        assert (error.value.status, error.value.limit) == (202, 1_999)
        response = await client.request("GET", f"http://127.0.0.1:{server.port}/", max_bytes=2_048)
        assert len(response.body) in (2_000, 2_048)


@pytest.mark.parametrize(("encoding", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
async def test_a_packed_answer_is_unpacked_up_to_the_limit(
    server: LoopbackServer, encoding: str, pack: object
) -> None:
    assert callable(pack)
    packed: bytes = pack(b"0" * 1_000_000)

    async def bomb(_: Asked) -> bytes:
        return answer(200, packed, Content_Encoding=encoding)

    server.reply = bomb
    async with OutboundClient(LOOPBACK, SystemClock()) as client:
        url = f"http://127.0.0.1:{server.port}/"
        assert (await client.request("GET", url, max_bytes=1_000_000)).body == b"0" * 1_000_000
        with pytest.raises(AnswerTooLarge):
            await client.request("GET", url, max_bytes=999_999)


@pytest.mark.parametrize(
    "body", [b"no gzip at all", gzip.compress(b"0" * 1_000, mtime=0)[:-6]], ids=["not packed", "cut off"]
)
async def test_a_damaged_packed_answer_is_a_broken_one(server: LoopbackServer, body: bytes) -> None:
    async def damaged(_: Asked) -> bytes:
        return answer(200, body, Content_Encoding="gzip")

    server.reply = damaged
    async with OutboundClient(LOOPBACK, SystemClock()) as client:
        with pytest.raises(OutboundFailed) as error:
            await client.request("GET", f"http://127.0.0.1:{server.port}/")
    assert error.value.reason is FailureReason.BROKEN


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"])
async def test_silence_ends_after_the_total_time(server: LoopbackServer, said: bytes) -> None:
    async def trickle(_: Asked) -> bytes:
        if not said:
            await asyncio.sleep(30)
        return said

    server.reply = trickle
    async with OutboundClient(LOOPBACK, SystemClock()) as client:
        with pytest.raises(OutboundTimeout):
            await client.request("GET", f"http://127.0.0.1:{server.port}/", timeout=0.2)


async def test_a_slow_resolver_counts_towards_the_total_time() -> None:
    async def slow(host: str, port: int) -> list[str]:
        await asyncio.sleep(30)
        return []

    async with OutboundClient(LOOPBACK, SystemClock(), resolve=slow) as client:
        with pytest.raises(OutboundTimeout, match="did not answer"):
            await client.request("GET", "http://slow.test/", timeout=0.1)


@pytest.mark.parametrize("said", [b"", b"SSH-2.0-x\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"])
async def test_what_is_no_answer_is_a_broken_connection(server: LoopbackServer, said: bytes) -> None:
    async def nonsense(_: Asked) -> bytes:
        return said

    server.reply = nonsense
    async with OutboundClient(LOOPBACK, SystemClock()) as client:
        with pytest.raises(OutboundFailed) as error:
            await client.request("GET", f"http://127.0.0.1:{server.port}/")
    assert error.value.reason is FailureReason.BROKEN


async def test_nobody_listens() -> None:
    async with running() as gone:
        port = gone.port
    async with OutboundClient(LOOPBACK, SystemClock()) as client:
        with pytest.raises(OutboundFailed) as error:
            await client.request("GET", f"http://127.0.0.1:{port}/")
    assert error.value.reason is FailureReason.NOT_CONNECTED


async def test_the_next_address_is_tried_when_the_first_takes_no_connection(server: LoopbackServer) -> None:
    resolve = names(both_test=["127.0.0.2", "127.0.0.1"])  # the server listens on 127.0.0.1 alone
    async with OutboundClient(LOOPBACK, SystemClock(), resolve=resolve) as client:
        assert (await client.request("POST", f"http://both.test:{server.port}/", content=b"x")).status == 200
    assert len(server.asked) == 1


async def test_a_name_without_an_address() -> None:
    async with OutboundClient(LOOPBACK, SystemClock(), resolve=names()) as client:
        with pytest.raises(OutboundFailed) as error:
            await client.request("GET", "http://nowhere.test/")
    assert error.value.reason is FailureReason.NO_ADDRESS


async def test_the_machines_resolver(server: LoopbackServer) -> None:
    policy = AddressPolicy.of(origins=[f"localhost:{server.port}"])
    async with OutboundClient(policy, SystemClock()) as client:
        assert (await client.request("GET", f"http://localhost:{server.port}/")).status == 200
        with pytest.raises(OutboundFailed) as error:
            await client.request("GET", "https://does-not-exist.invalid/")
    assert error.value.reason is FailureReason.NO_ADDRESS


@pytest.mark.parametrize(
    "headers", [{"X-A": "1\r\nX-B: 2"}, {"X A": "1"}, {"X-A": "ü\u2028"}, {"X-A": "1\x00"}]
)
async def test_a_header_that_cannot_be_sent(server: LoopbackServer, headers: dict[str, str]) -> None:
    async with OutboundClient(LOOPBACK, SystemClock()) as client:
        with pytest.raises(OutboundFailed) as error:
            await client.request("GET", f"http://127.0.0.1:{server.port}/", headers=headers)
    assert error.value.reason is FailureReason.BAD_REQUEST
    assert server.asked == []


async def test_tls_checks_the_name_and_not_the_address(tls_server: LoopbackServer, certificate: Path) -> None:
    trusting = ssl.create_default_context(cafile=certificate)
    policy = AddressPolicy.of(networks=["127.0.0.0/8"])
    resolve = names(hook_example_test=["127.0.0.1"], other_example_test=["127.0.0.1"])
    async with OutboundClient(policy, SystemClock(), resolve=resolve, tls=trusting) as client:
        response = await client.request("POST", f"https://hook.example.test:{tls_server.port}/", content=b"x")
        assert response.status == 200
        assert tls_server.asked[0].server_name == "hook.example.test"
        with pytest.raises(OutboundFailed) as error:  # same address, an open connection, another name
            await client.request("GET", f"https://other.example.test:{tls_server.port}/")
        assert error.value.reason is FailureReason.TLS
    assert len(tls_server.asked) == 1


async def test_tls_refuses_a_certificate_that_nobody_vouches_for(tls_server: LoopbackServer) -> None:
    policy = AddressPolicy.of(networks=["127.0.0.0/8"])
    async with OutboundClient(
        policy, SystemClock(), resolve=names(hook_example_test=["127.0.0.1"])
    ) as client:
        with pytest.raises(OutboundFailed) as error:
            await client.request("GET", f"https://hook.example.test:{tls_server.port}/")
    assert error.value.reason is FailureReason.TLS


async def test_many_names_leave_few_pools_and_no_request_is_cut(server: LoopbackServer) -> None:
    async def anywhere(host: str, port: int) -> list[str]:
        return ["127.0.0.1"]

    async with OutboundClient(LOOPBACK, SystemClock(), resolve=anywhere) as client:
        urls = [f"http://h{number}.test:{server.port}/" for number in range(100)]
        responses = await asyncio.gather(*(client.request("GET", url) for url in urls))
        assert {response.status for response in responses} == {200}
        again = await client.request("GET", urls[0])
    assert again.status == 200
    assert len(server.asked) == 101


async def test_elapsed_is_the_clocks(server: LoopbackServer) -> None:
    clock = ManualClock(datetime(2026, 3, 3, tzinfo=UTC))

    async def late(_: Asked) -> bytes:
        clock.advance(2.5)
        return answer()

    server.reply = late
    async with OutboundClient(LOOPBACK, clock) as client:
        assert (await client.request("GET", f"http://127.0.0.1:{server.port}/")).elapsed == 2.5


def test_an_address_can_be_checked_before_use() -> None:
    client = OutboundClient(AddressPolicy(), SystemClock())
    client.check("https://hook.example.test/")
    with pytest.raises(AddressRefused):
        client.check("https://192.168.0.1/")
