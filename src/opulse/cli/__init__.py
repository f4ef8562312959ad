"""The command ``opulse``."""

from opulse.cli.main import main

__all__ = ["main"]
