"""The stream that spreads announcements of jobs over the workers of many hosts: NATS JetStream, replicated three times.

It acknowledges before its disks have, and a cluster without a majority takes nothing. Neither matters here: a message says which
job may be taken and when, and everything in the stream can be announced again from the outbox. A stream or a consumer that is
gone is made anew by the next one that needs it.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

import nats
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, RetentionPolicy, StorageType, StreamConfig
from nats.js.errors import APIError, BadRequestError

from opulse.jobs.announcing import Announcement
from opulse.observe import get_logger

STREAM = "opulse-jobs"
SUBJECTS = "opulse.jobs"
REPLICAS = 3
REMEMBERS_SECONDS = 120.0  # ids of messages: one that is published twice within this time is kept once
KEEPS_SECONDS = 24 * 3600.0  # a message: long before that its job was announced again
IN_HAND = 1000  # messages that workers may hold at once, per consumer
ANSWER_SECONDS = 2.0

log = get_logger("jetstream")

Subscription = JetStreamContext.PullSubscription


class StreamAway(Exception):
    """The stream cannot be asked now; the outbox knows what it would have said."""


class JetStream:
    """One process's connection. Every method that asks the cluster raises :class:`StreamAway` where it does not answer."""

    def __init__(self, servers: Sequence[str], name: str, lease: timedelta) -> None:
        self._servers = list(servers)
        self._name = name
        self._lease = lease
        self._client = Client()
        self._consumers: dict[tuple[str, bool], Subscription] = {}
        self._making = asyncio.Lock()
        self._connecting: asyncio.Task[None] | None = None
        self._away_since: float | None = time.monotonic()

    async def start(self) -> None:
        """Begin to connect; returns at once, because work goes on without it."""
        self._connecting = asyncio.create_task(self._connect(), name="jetstream")

    async def stop(self) -> None:
        if self._connecting is not None:
            self._connecting.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._connecting
        with contextlib.suppress(NatsError, OSError):
            await self._client.close()

    @property
    def away_seconds(self) -> float:
        """For how long it has answered nothing; 0 while it does."""
        return 0.0 if self._away_since is None else time.monotonic() - self._away_since

    async def publish(self, queue: str, announcements: Sequence[Announcement]) -> None:
        """Until the cluster has taken all of them. May be called again with the same ones: they are kept once."""
        async with self._asked():
            await self._consumer(queue, urgent=True)  # a message without a consumer would wait for nobody
            await self._consumer(queue, urgent=False)
            stream = self._client.jetstream(timeout=ANSWER_SECONDS)
            await asyncio.gather(*(self._publish(stream, queue, one) for one in announcements))

    async def fetch(self, queue: str, urgent: bool, limit: int, seconds: float) -> list[Msg]:
        """Up to ``limit`` messages, the first of them within ``seconds``; whoever takes them acknowledges or leaves them."""
        async with self._asked(says_nothing=True):
            consumer = await self._consumer(queue, urgent)
            try:
                return await consumer.fetch(limit, timeout=seconds)
            except (TimeoutError, nats.errors.TimeoutError):
                return []

    async def count_waiting(self, queue: str) -> int:
        """Messages that no worker was given yet."""
        async with self._asked():
            infos = [await (await self._consumer(queue, urgent)).consumer_info() for urgent in (True, False)]
        return sum(info.num_pending or 0 for info in infos)

    async def _connect(self) -> None:
        while True:
            try:
                await self._client.connect(
                    servers=self._servers,
                    name=self._name,
                    max_reconnect_attempts=-1,
                    reconnect_time_wait=1,
                    connect_timeout=2,
                    ping_interval=5,
                    max_outstanding_pings=2,
                    error_cb=_note,
                )
            except (NatsError, OSError, TimeoutError) as error:
                log.warning(
                    "NATS cannot be reached; jobs are taken from the table meanwhile", error=str(error)
                )
                await asyncio.sleep(1)
            else:
                return

    async def _publish(self, stream: JetStreamContext, queue: str, one: Announcement) -> None:
        await stream.publish(
            _subject(queue, one.urgent), str(one.job).encode(), stream=STREAM, headers={"Nats-Msg-Id": one.id}
        )

    async def _consumer(self, queue: str, urgent: bool) -> Subscription:
        """The consumer that all workers on these jobs share; made, with its stream, where it is not there."""
        async with self._making:
            key = (queue, urgent)
            if key not in self._consumers:
                self._consumers[key] = await self._make(queue, urgent)
            return self._consumers[key]

    async def _make(self, queue: str, urgent: bool) -> Subscription:
        stream = self._client.jetstream(timeout=ANSWER_SECONDS)
        wanted = StreamConfig(
            name=STREAM,
            subjects=[f"{SUBJECTS}.>"],
            retention=RetentionPolicy.WORK_QUEUE,
            storage=StorageType.FILE,
            num_replicas=REPLICAS if len(self._servers) >= REPLICAS else 1,
            duplicate_window=REMEMBERS_SECONDS,
            max_age=KEEPS_SECONDS,
        )
        with contextlib.suppress(
            BadRequestError
        ):  # it is there, with numbers that somebody has changed: theirs hold
            await stream.add_stream(wanted)
        name = _subject(queue, urgent).removeprefix(f"{SUBJECTS}.").replace(".", "-")
        consumer = ConsumerConfig(
            durable_name=name,
            filter_subject=_subject(queue, urgent),
            ack_policy=AckPolicy.EXPLICIT,
            ack_wait=self._lease.total_seconds(),
            max_ack_pending=IN_HAND,
            max_deliver=-1,
        )
        with contextlib.suppress(BadRequestError):
            await stream.add_consumer(STREAM, consumer)
        return await stream.pull_subscribe_bind(consumer=name, stream=STREAM)

    @asynccontextmanager
    async def _asked(self, *, says_nothing: bool = False) -> AsyncIterator[None]:
        """Note whether the cluster answers. ``says_nothing``: no answer is no sign, neither of life nor of death."""
        if not self._client.is_connected:
            self._away_since = self._away_since or time.monotonic()
            raise StreamAway("no connection")
        try:
            yield
        except (NatsError, APIError, OSError, TimeoutError) as error:
            if self._away_since is None:
                self._away_since = time.monotonic()
            await self._forget_consumers()
            raise StreamAway(f"{type(error).__name__}: {error}") from error
        if not says_nothing:
            self._away_since = None

    async def _forget_consumers(self) -> None:
        """They may be gone; the next one who asks makes them anew."""
        forgotten, self._consumers = self._consumers, {}
        for consumer in forgotten.values():
            with contextlib.suppress(NatsError, OSError):
                await consumer.unsubscribe()


def job_of(message: Msg) -> int:
    """The job that a message announces."""
    return int(message.data)


def _subject(queue: str, urgent: bool) -> str:
    return f"{SUBJECTS}.{queue}.{'urgent' if urgent else 'normal'}"


async def _note(error: Exception) -> None:
    log.warning("NATS", error=f"{type(error).__name__}: {error}")
