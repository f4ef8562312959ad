"""What the routes share: ports, the evaluator, bodies that are given up as soon as they are too long."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from opulse.monitoring.sensors.api.states import EvaluatorDep
from opulse.monitoring.sources.models import Left, SourceProblem, SourceRefused
from opulse.ports import Ports
from opulse.web.access import ports_of
from opulse.web.errors import Problem

PortsDep = Annotated[Ports, Depends(ports_of)]
MOST_BYTES = 8_000_000
"""Of one request: 10,000 alerts with long labels are below 8 MB."""

LEFT_SHOWN = 100

__all__ = ["LEFT_SHOWN", "MOST_BYTES", "EvaluatorDep", "PortsDep", "left_views", "read_body", "refusal"]


async def read_body(request: Request, most: int = MOST_BYTES) -> bytes:
    """The body.

    Raises:
        Problem: 413, it is longer than ``most`` bytes.
    """
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > most:
            raise Problem(
                413, "the request is too large", f"A request has at most {most:,} bytes; send several."
            )
        parts.append(part)
    return b"".join(parts)


def left_views(left: list[Left]) -> list[dict[str, object]]:
    """The first items that were left, for an answer."""
    ordered = sorted(left, key=lambda one: one.index)[:LEFT_SHOWN]
    return [
        {"index": one.index, "what": one.what, "reason": one.reason.value, "detail": one.detail}
        for one in ordered
    ]


def refusal(error: SourceRefused) -> Problem:
    """The answer for a source that was not saved."""
    status = 409 if error.problem is SourceProblem.NAME and "Another" in error.what.get("name", "") else 422
    return Problem(
        status, "the source was not saved", "See what.", reason=error.problem.value, what=error.what
    )
