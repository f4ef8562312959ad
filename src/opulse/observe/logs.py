"""Log lines: JSON for machines or plain text, with the ids of the request, tenant and activation. Never bodies or tokens."""

from __future__ import annotations

import logging
import sys
from typing import Any

import structlog

_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


def configure_logs(level: str = "info", form: str = "json") -> None:
    """Send log lines to stderr from ``level`` up, as ``json`` or ``text``."""
    render: Any = (
        structlog.processors.JSONRenderer() if form == "json" else structlog.dev.ConsoleRenderer(colors=False)
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.dict_tracebacks if form == "json" else structlog.processors.format_exc_info,
            render,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        logger_factory=_to_stderr,
        cache_logger_on_first_use=False,
    )


def _to_stderr(*_: object) -> Any:
    """A logger on the stderr of this moment: one bound at start-up would write to a stream that has been replaced and closed."""
    return structlog.PrintLogger(sys.stderr)


def get_logger(name: str) -> Any:
    """A logger whose lines carry ``source=name``."""
    return structlog.get_logger(source=name)


def bind(**values: object) -> None:
    """Add ``values`` to every further line of this request or job."""
    structlog.contextvars.bind_contextvars(**values)
