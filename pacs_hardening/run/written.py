"""The folder of ``--report``: emptied before a run, written whole at its end."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ..model import BadInput, Run
from ..report import badge, history, html, json_report, junit, markdown, sarif, table

REPORTS = {
    "findings.json": json_report.render,
    "junit.xml": junit.render,
    "results.sarif": sarif.render,
    "report.html": html.render,
    "summary.md": markdown.render,
    "findings.csv": table.render,
    "badge.svg": badge.render,
}


def clear(folder: Path | None) -> None:
    """What an earlier run wrote must not be taken for the verdict of this one, however it ends."""
    if folder is None:
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in REPORTS:
            (folder / name).unlink(missing_ok=True)
            (folder / f"{name}.new").write_text("")
            (folder / f"{name}.new").unlink()
    except OSError as error:
        raise BadInput(f"--report {folder}: not a folder that can be written to ({error.strerror})") from error


def write(run: Run, folder: Path) -> None:
    """All reports, or, on a full disk, none. Raises OSError."""
    run = replace(run, history=history.read(folder))
    for name, render in REPORTS.items():
        (folder / f"{name}.new").write_text(render(run), encoding="utf-8", newline="")
    for name in REPORTS:
        (folder / f"{name}.new").replace(folder / name)
    history.write(run, folder)
