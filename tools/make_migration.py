"""Write a migration for what the tables say and the migrations do not.

``.venv/bin/python tools/make_migration.py 0002 "what for"``

It compares a database that all migrations were run on with the metadata. Read what it wrote before you commit it.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from textwrap import dedent

from alembic.autogenerate import produce_migrations, render_python_code
from alembic.migration import MigrationContext
from sqlalchemy import Connection

from opulse.bootstrap.schema import MIGRATIONS, migrate_in
from opulse.bootstrap.stages import import_stores
from opulse.db import metadata, open_database

ALIASES = {
    "sa.JSON().with_variant(postgresql.JSONB(astext_type=Text()), 'postgresql')": "JSON",
    "opulse.db.types.Instant()": "INSTANT",
    "sa.BigInteger().with_variant(sa.Integer(), 'sqlite')": "NUMBER",
}
HEAD = '''"""{title}"""

# over 300 lines: one statement per table and index, written by tools/make_migration.py and read before it was committed

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = {revision!r}
down_revision = {down!r}
branch_labels = None
depends_on = None

INSTANT = sa.BigInteger()
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
'''


def main(revision: str, title: str) -> None:
    earlier = sorted(path.stem.split("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))
    if revision in earlier:
        raise SystemExit(f"there is a migration {revision} already")
    import_stores()
    body = asyncio.run(_differences(bool(earlier)))
    for long, short in ALIASES.items():
        body = body.replace(long, short)
    lines = [line for line in dedent(body).splitlines() if not line.lstrip().startswith("#")]
    text = HEAD.format(title=title, revision=revision, down=earlier[-1] if earlier else None)
    text += "\n".join(f"    {line.strip() if not line.startswith('    ') else line}" for line in lines) + "\n"
    name = title.lower().replace(" ", "_")[:40]
    path = MIGRATIONS / "versions" / f"{revision}_{name}.py"
    path.write_text(text, encoding="utf-8")
    sys.stdout.write(f"{path}\n")


async def _differences(migrated: bool) -> str:
    with tempfile.TemporaryDirectory() as folder:
        db = await open_database(f"sqlite:///{folder}/compare.db")
        if migrated:
            await db.write(migrate_in)
        text = await db.write(_render)
        await db.close()
        return text


def _render(conn: Connection) -> str:
    context = MigrationContext.configure(conn, opts={"target_metadata": metadata, "compare_type": True})
    found = produce_migrations(context, metadata).upgrade_ops
    assert found is not None
    return str(render_python_code(found, migration_context=context))


if __name__ == "__main__":
    main(*sys.argv[1:3])
