"""``opulse import qsf`` and ``opulse export qsf``: surveys from and for Qualtrics."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from opulse.cli.asking import ask, fetch
from opulse.cli.configuration import export_app
from opulse.cli.importing import import_app

Server = Annotated[
    str, typer.Option(help="Address of the installation, for example https://pulse.example.org.")
]
Key = Annotated[str, typer.Option(help="Integration key of the tenant; others of this machine may see it.")]
KeyFile = Annotated[
    Path | None, typer.Option(help="File that holds the key: it is not seen in process lists.")
]


def add_to(app: typer.Typer) -> None:
    """Add this module's verbs to the command."""
    import_app.command("qsf")(import_qsf)
    export_app.command("qsf")(export_qsf)


def import_qsf(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A survey file (.qsf).")],
    server: Server = "",
    key: Key = "",
    key_file: KeyFile = None,
    name: Annotated[str, typer.Option(help="Name of the new survey; empty: the file's own.")] = "",
    check: Annotated[
        bool, typer.Option("--check", help="Change nothing. Without a server the file alone is looked at.")
    ] = False,
    strict: Annotated[bool, typer.Option("--strict", help="End with 1 when a question was left.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as a JSON object.")] = False,
) -> None:
    """Make a draft of a survey file and say what became of each question.

    Ends with 0 when the file could be read, also in part; with 2 when it is no survey or nothing could be imported.
    """
    try:
        content = file.read_bytes()
        secret = _secret(key, key_file)
        done = _send(server, secret, content, name, check) if server else _look(content)
    except (ValueError, OSError) as error:
        typer.echo(f"opulse import: {file}: {error}", err=True)
        raise typer.Exit(2) from error
    typer.echo(json.dumps(done["report"], ensure_ascii=False) if as_json else _words(done))
    if not server and not check:
        typer.echo("opulse import: nothing was imported: say --server and a key, or --check", err=True)
        raise typer.Exit(2)
    if strict and done["report"]["left"]:
        raise typer.Exit(1)


def export_qsf(
    survey: Annotated[str, typer.Argument(help="Id of the survey (SV_…).")],
    server: Server,
    key: Key = "",
    key_file: KeyFile = None,
    output: Annotated[Path | None, typer.Option(help="File to write; empty: SURVEY.qsf here.")] = None,
) -> None:
    """Write a survey's newest version as a QSF file. Ends with 2 when that was not possible."""
    try:
        content = fetch(server, _secret(key, key_file), f"/api/v1/surveys/{quote(survey, safe='')}/qsf")
        target = output or Path(f"{survey}.qsf")
        target.write_bytes(content)
    except (ValueError, OSError) as error:
        typer.echo(f"opulse export: {error}", err=True)
        raise typer.Exit(2) from error
    typer.echo(f"{target}: {len(content):,} bytes")


def _secret(key: str, path: Path | None) -> str:
    return path.read_text(encoding="utf-8").strip() if path else key.strip()


def _look(content: bytes) -> dict[str, Any]:
    """The file alone: no installation is asked."""
    from opulse.experience.surveys.qsf import read_qsf, to_document

    imported = to_document(read_qsf(content))
    report = imported.report
    return {
        "survey_id": None,
        "name": imported.name,
        "report": report.as_json(),
        "notes": list(report.notes),
    }


def _send(server: str, key: str, content: bytes, name: str, check: bool) -> dict[str, Any]:
    query = {"check": str(check).lower(), "name": name}
    headers = {"Content-Type": "application/json"}
    path = "/api/v1/surveys/qsf"
    return ask(server, key, path, timeout=300, params=query, content=content, headers=headers)


def _words(done: dict[str, Any]) -> str:
    report = done["report"]
    lines = [
        f"{'!' if one['outcome'] == 'left' else '~'} {one['id']} ({one['type']}): {one['reason']}"
        for one in report["items"]
        if one["outcome"] != "taken"
    ]
    lines += [f"- {note}" for note in done["notes"]]
    counts = ", ".join(f"{report[word]} {word}" for word in ("taken", "approximated", "left"))
    made = f" Draft: {done['survey_id']}." if done["survey_id"] else ""
    asked = "question" if report["questions"] == 1 else "questions"
    lines.append(f"{done['name']}: {report['questions']} {asked}, {counts}.{made}")
    return "\n".join(lines)
