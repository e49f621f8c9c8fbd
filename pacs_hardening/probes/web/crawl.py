"""Probe: what a search engine's crawler gets from a web endpoint without a login, within bounds of pages and depth."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from urllib.parse import urljoin, urlsplit

from ...model import Endpoint, Target
from ...wire.http import Answer
from .request import (
    MANNERS,
    WebAttempt,
    ask,
    side_by_side,
)

DEPTH, PAGES = 3, 60
_LINK = re.compile(rb"""(?:href|src|action|url)\s*=\s*["']?([^"'\s>]+)""", re.IGNORECASE)
_ACTS = re.compile(r"delete|remove|logout|shutdown|reset|_method", re.IGNORECASE)  # never followed


def crawl(target: Target, endpoint: Endpoint, seeds: Iterable[str]) -> list[WebAttempt]:
    """Every answer, breadth first from ``seeds``; links that leave the endpoint are not followed. Raises like
    ``ask``."""
    seen: dict[str, None] = dict.fromkeys(seeds)
    wave, answers = list(seen), []
    for _ in range(DEPTH):
        found = side_by_side(lambda path: (path, ask(target, path, endpoint=endpoint, headers=MANNERS[1])), wave)
        answers += [attempt for _, attempt in found]
        linked = [link for path, attempt in found if attempt.answer for link in links(path, attempt.answer)]
        wave = [path for path in dict.fromkeys(linked) if path not in seen][: PAGES - len(seen)]
        seen.update(dict.fromkeys(wave))
    return answers


def links(path: str, answer: Answer) -> list[str]:
    """Paths on the same server that an answer to ``path`` leads to: by Location, links of a page, and what a REST
    list names."""
    found = [each.decode("latin-1") for each in _LINK.findall(answer.body)]
    if "location" in answer.headers:
        found.append(answer.headers["location"])
    for text in _names(answer):
        found.append(text if text.startswith("/") else f"{urlsplit(path).path.rstrip('/')}/{text}")
    return [link for each in found if (link := _here(path, each))]


def _here(path: str, link: str) -> str:
    """``link`` on the page ``path`` as a path of this server; "" where it leads elsewhere or is none to follow."""
    try:
        parts = urlsplit(urljoin(f"https://here.invalid{path}", link))
    except ValueError:
        return ""
    whole = f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"
    same = parts.hostname == "here.invalid" and parts.scheme == "https"
    return whole if same and re.fullmatch(r"/[!-~]{0,500}", whole) and not _ACTS.search(whole) else ""


def _names(answer: Answer) -> list[str]:
    listed = listing(answer)
    return [each for each in listed if isinstance(each, str) and re.fullmatch(r"[!-~]{1,200}", each)]


def listing(answer: Answer) -> list[object]:
    """The entries of a JSON array, or one for a folder's index page or a WebDAV collection; empty for anything else."""
    if re.search(rb"<title>Index of |<(\w+:)?multistatus", answer.body[:2000], re.IGNORECASE):
        return [None]
    try:
        data = json.loads(answer.body) if answer.body[:1] == b"[" else []
    except (ValueError, RecursionError):
        return []
    return data if isinstance(data, list) else []


def may_be_indexed(answer: Answer) -> bool:
    """A page that a search engine may keep: neither its headers nor the page itself says noindex."""
    page = answer.headers.get("content-type", "").startswith("text/html")
    said = answer.headers.get("x-robots-tag", "").lower().encode() + b"".join(
        re.findall(rb"<meta[^>]{0,200}robots[^>]{0,200}>", answer.body.lower())
    )
    return page and 200 <= answer.status < 300 and b"noindex" not in said
