"""What a page is that holds nothing: a form to log in, or the shell of an application that would ask for its data.

Products answer who has no login by such a page, with 200. That is a refusal: nothing of what a user gets is in it.
"""

from __future__ import annotations

import re

from .http import Answer

MOST_TEXT = 400  # characters for people on a page that asks for a password
_UNSEEN = re.compile(rb"<(script|style|template|noscript|svg|title)\b.*?</\1\s*>|<!--.*?-->", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(rb"<[^>]*>")
_PASSWORD = re.compile(rb"<input\b[^>]*\btype\s*=\s*[\"']?password", re.IGNORECASE)
_GOES_ON = re.compile(rb"<meta\b[^>]*http-equiv\s*=\s*[\"']?refresh|\blocation(\.href)?\s*=", re.IGNORECASE)
_HTML = re.compile(rb"\s*<(!doctype html|html)\b", re.IGNORECASE)
_LEADS = re.compile(rb"<(a|iframe|table|img|form)\b", re.IGNORECASE)


def is_login(answer: Answer) -> bool:
    """A page for people that asks for a password, and holds little else."""
    return _is_page(answer) and bool(_PASSWORD.search(answer.body)) and len(_text(answer.body)) <= MOST_TEXT


def is_shell(answer: Answer) -> bool:
    """A page without a word or a link on it, that scripts are to fill, or that sends elsewhere."""
    if not _is_page(answer) or _text(answer.body) or _LEADS.search(answer.body):
        return False
    return b"<script" in answer.body.lower() or bool(_GOES_ON.search(answer.body))


def holds_nothing(answer: Answer) -> bool:
    return is_login(answer) or is_shell(answer)


def _is_page(answer: Answer) -> bool:
    kind = answer.headers.get("content-type", "").lower()
    html = kind.startswith("text/html") or (not kind and bool(_HTML.match(answer.body)))  # HTTP/0.9 has no headers
    return 200 <= answer.status < 300 and html


def _text(body: bytes) -> bytes:
    return b" ".join(_TAG.sub(b" ", _UNSEEN.sub(b" ", body)).split())
