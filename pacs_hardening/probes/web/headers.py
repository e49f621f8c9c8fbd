"""Probe: which header fields are missing that protect what an answer holds."""

from __future__ import annotations

import re
from collections.abc import Mapping

SIX_MONTHS = 15_552_000  # seconds


def missing_headers(headers: Mapping[str, str], *, tls: bool) -> list[str]:
    policy = re.search(r"frame-ancestors([^;]*)", headers.get("content-security-policy", ""))
    framed = policy is not None and "*" not in policy.group(1)
    framed = framed or headers.get("x-frame-options", "").strip().lower() in ("deny", "sameorigin")
    age = re.search(r"max-age=(\d+)", headers.get("strict-transport-security", ""))
    checks = {
        "X-Content-Type-Options: nosniff": headers.get("x-content-type-options", "").strip() == "nosniff",
        "Content-Security-Policy: frame-ancestors": framed,
        "Strict-Transport-Security": not tls or (age is not None and int(age.group(1)) >= SIX_MONTHS),
        "Cache-Control: no-store": "no-store" in headers.get("cache-control", ""),
        "X-Robots-Tag: noindex": "noindex" in headers.get("x-robots-tag", ""),
    }
    return [name for name, present in checks.items() if not present]
