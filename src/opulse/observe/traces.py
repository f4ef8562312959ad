"""OpenTelemetry traces of an incident's path, where the extra ``opulse[otel]`` is installed and an address is set; else nothing.

A trace leaves this process in the webhook's ``traceparent`` and comes back with the event; the run keeps it, so that an answer,
hours later and in another process, still belongs to its incident. Attributes are ids, counts and reasons: never a person.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import structlog

from opulse.observe.logs import get_logger

HEADER = "traceparent"
_TRACEPARENT = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
Value = str | int | float | bool

_tracing: Tracing | None = None
_trace_id: ContextVar[int] = ContextVar("opulse_trace_id", default=0)

log = get_logger("traces")


class Span:
    """What the code inside a span may do with it. ``traceparent`` is empty while nothing is recorded."""

    traceparent = ""

    def note(self, **attributes: Value) -> None:
        """Add what is known only now."""


class Tracing:
    """The SDK, set up to send to one collector."""

    def __init__(self, endpoint: str, version: str) -> None:
        """
        Raises:
            ImportError: the extra is not installed.
        """
        from opentelemetry import trace
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
        from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        class Ids(RandomIdGenerator):
            """The trace of an activation has the activation's own 128 bits as its id."""

            def generate_trace_id(self) -> int:
                return _trace_id.get() or super().generate_trace_id()

        resource = Resource.create({"service.name": "opulse", "service.version": version})
        self._provider = TracerProvider(id_generator=Ids(), resource=resource)
        exporter = OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces")
        self._provider.add_span_processor(BatchSpanProcessor(exporter, schedule_delay_millis=1000))
        self._tracer = self._provider.get_tracer("opulse")
        self._carrier = TraceContextTextMapPropagator()
        self._failed = trace.Status(trace.StatusCode.ERROR)

    @contextmanager
    def span(self, name: str, parent: str, attributes: dict[str, Value]) -> Iterator[Span]:
        context = self._carrier.extract({HEADER: parent}) if parent else None
        with self._tracer.start_as_current_span(
            name,
            context,
            attributes={f"opulse.{key}": value for key, value in attributes.items()},
            record_exception=False,  # its text may hold an address
            set_status_on_exception=False,
        ) as running:
            header = self._header()
            try:
                with structlog.contextvars.bound_contextvars(trace=header.split("-")[1]):
                    yield _Recorded(running, header)
            except BaseException:
                running.set_status(self._failed)
                raise

    def close(self) -> None:
        """Send what is left."""
        self._provider.shutdown()

    def _header(self) -> str:
        carried: dict[str, str] = {}
        self._carrier.inject(carried)
        return carried[HEADER]


class _Recorded(Span):
    def __init__(self, span: Any, traceparent: str) -> None:
        self._span = span
        self.traceparent = traceparent

    def note(self, **attributes: Value) -> None:
        self._span.set_attributes({f"opulse.{key}": value for key, value in attributes.items()})


def configure_traces(endpoint: str, version: str) -> None:
    """Begin to record and send to ``endpoint``; with an empty one, or without the extra, nothing is recorded."""
    global _tracing  # noqa: PLW0603  # one process, one tracer
    if not endpoint:
        return
    try:
        _tracing = Tracing(endpoint, version)
    except ImportError:
        log.warning("no traces: the extra opulse[otel] is not installed", endpoint=endpoint)


def close_traces() -> None:
    """Stop recording; what was recorded is sent."""
    global _tracing  # noqa: PLW0603  # see above
    if _tracing is not None:
        _tracing.close()
    _tracing = None


def is_tracing() -> bool:
    """Whether spans are recorded: ask before a query that only a span needs."""
    return _tracing is not None


def checked(header: str) -> str:
    """The header if it is a traceparent that can be kept, else nothing."""
    return header if _TRACEPARENT.fullmatch(header) else ""


@contextmanager
def span(name: str, *, parent: str = "", trace: str = "", **attributes: Value) -> Iterator[Span]:
    """Record the block. A child of ``parent`` (a traceparent), else of the span around it, else the root of a trace.

    Args:
        trace: for a root, the GUID whose bits become the trace's id.
        attributes: each becomes ``opulse.<name>``.
    """
    if _tracing is None:
        yield Span()
        return
    token = _trace_id.set(int(trace.replace("-", ""), 16) if trace else 0)
    try:
        with _tracing.span(name, parent, attributes) as recorded:
            yield recorded
    finally:
        _trace_id.reset(token)
