"""Probe: the same request in other spellings, methods and header fields, as proxies and archives may read it."""

from __future__ import annotations

PATHS = {
    "double-slash": "/{path}",
    "dot-segment": "/.{path}",
    "parent-segment": "/x/..{path}",
    "encoded-parent": "/x/%2e%2e{path}",
    "trailing-slash": "{path}/",
    "semicolon": "{path};x=y",
    "encoded-slash": "/%2f{path}",
    "encoded-letter": "{encoded}",
    "null-suffix": "{path}%00",
    "suffix": "{path}.css",
    "double-encoded": "/x/%252e%252e{path}",
    "backslash": "/x\\..{path}",
    "absolute-form": "https://localhost{path}",
    "upper-case": "{upper}",
    "fragment": "/robots.txt#/..{path}",
}
METHODS = {
    "head": "HEAD",
    "post": "POST",
    "trace": "TRACE",
    "lower-case-verb": "get",
    "unknown-verb": "FETCH",
    "method-override": "OPTIONS",
}
HEADERS = {
    "host-loopback": {"Host": "127.0.0.1"},
    "host-empty": {"Host": ""},
    "made-up-token": {"Authorization": "Bearer x", "Cookie": "session=x"},
    "method-override": {"X-HTTP-Method-Override": "GET", "X-Original-URL": "{path}", "X-Rewrite-URL": "{path}"},
    "forged-proxy-headers": {"X-Forwarded-For": "127.0.0.1", "X-Remote-User": "admin", "X-Forwarded-User": "admin"},
}
TRICKS = tuple(dict.fromkeys([*PATHS, *METHODS, *HEADERS]))


def spelt(plain: str, trick: str) -> tuple[str, str, dict[str, str]]:
    """Method, path and header fields of a request for ``plain``, a path with its query."""
    path, mark, query = plain.partition("?")
    encoded = f"/%{ord(path[1]):02x}{path[2:]}"
    other = PATHS.get(trick, "{path}").format(path=path, encoded=encoded, upper=path.upper()) + mark + query
    headers = {name: value.format(path=path) for name, value in HEADERS.get(trick, {}).items()}
    return METHODS.get(trick, "GET"), other, headers
