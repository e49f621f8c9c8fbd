"""badge.svg: the verdict in one small picture, without script, link or font from elsewhere."""

from __future__ import annotations

from html import escape

from ..model import Run
from .tally import Tally

COLOUR = {"pass": "#1a7f4b", "fail": "#b3261e", "inconclusive": "#8a5a00"}
LABEL = "PACS hardening"
_CHARACTER = 6.6  # width in Verdana 11, on average


def render(run: Run) -> str:
    tally = Tally.of(run.findings, run.left_out)
    said = {
        "pass": f"{tally.held} hold",
        "fail": f"{tally.broken} open",
        "inconclusive": "not known",
    }[run.verdict.outcome]
    left, right = (round(len(text) * _CHARACTER) + 12 for text in (LABEL, said))
    title = escape(f"{LABEL}: {run.verdict.outcome}, {said}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="20" role="img" aria-label="{title}">'
        f"<title>{title}</title>"
        f'<rect width="{left}" height="20" fill="#3b4252"/>'
        f'<rect x="{left}" width="{right}" height="20" fill="{COLOUR[run.verdict.outcome]}"/>'
        f'<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11" text-anchor="middle">'
        f'<text x="{left / 2:g}" y="14">{escape(LABEL)}</text>'
        f'<text x="{left + right / 2:g}" y="14">{escape(said)}</text>'
        "</g></svg>\n"
    )
