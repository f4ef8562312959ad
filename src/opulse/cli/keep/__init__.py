"""``opulse backup FILE`` and ``opulse restore FILE``: one file with the database, the keys and the options.

In: a data folder (SQLite) or a PostgreSQL database. Out: a tar file that either of them can be made from again.
"""

from opulse.cli.keep.command import add_to

__all__ = ["add_to"]
