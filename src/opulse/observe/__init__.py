"""What the people who run this see of it: logs, metrics. Knows no stage."""

from opulse.observe.logs import bind, configure_logs, get_logger

__all__ = ["bind", "configure_logs", "get_logger"]
