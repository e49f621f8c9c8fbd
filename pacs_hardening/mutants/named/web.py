"""What an HTTP request may hold: header fields, parameters, and how it is spelt."""

from __future__ import annotations

from ..mutant import Row

WITHOUT_BODY = ("qido", "qido-series", "study", "instance", "wado-uri", "system", "patients", "ui", "metrics")
AGENTS = (
    *("ELB-HealthChecker/2.0", "kube-probe/1.29", "GoogleHC/1.0", "Prometheus/2.51.0", "Zabbix", "UptimeRobot/2.0"),
    *("curl/8.5.0", "Weasis/4.4", "RadiAnt", "Horos", "OHIF", "python-requests/2.31", "Googlebot/2.1", "iPad"),
)


def _header(name: str, value: str, relation: str = "is", tested: str | None = None) -> Row:
    return Row(f"header:{name}", relation, value if tested is None else tested, {f"header:{name}": value})


def web() -> list[Row]:
    return [*_agents(), *_proxies(), *_fields(), *_parameters(), *_requests()]


def _agents() -> list[Row]:
    return [
        *(_header("user-agent", each) for each in AGENTS),
        _header("user-agent", "kube-probe/1.30", "begins", "kube-probe"),
        _header("user-agent", "-", "lacking", ""),
    ]


def _proxies() -> list[Row]:
    """What a proxy in front of the archive may set for its peers."""
    rows = list[Row]()
    for name in (
        "x-forwarded-for",
        "x-real-ip",
        "x-client-ip",
        "true-client-ip",
        "cf-connecting-ip",
        "x-originating-ip",
    ):
        rows += [_header(name, "127.0.0.1"), _header(name, "10.1.2.3", "begins", "10."), _header(name, "::1")]
    rows += [
        _header("forwarded", "for=127.0.0.1", "contains", "127.0.0.1"),
        _header("x-forwarded-for", "192.168.1.4", "begins", "192.168."),
        _header("x-forwarded-host", "localhost"),
        _header("x-forwarded-proto", "https"),
        _header("x-forwarded-port", "8042"),
        _header("x-original-url", "/app/", "given", ""),
        _header("x-rewrite-url", "/app/", "given", ""),
        _header("x-http-method-override", "OPTIONS"),
        _header("x-http-method-override", "GET", "given", ""),
        _header("x-requested-with", "XMLHttpRequest"),
        _header("x-ssl-client-verify", "SUCCESS"),
        _header("ssl-client-verify", "SUCCESS"),
        _header("x-ssl-client-s-dn", "CN=admin", "given", ""),
        _header("x-client-cert", "x", "given", ""),
    ]
    return rows


def _fields() -> list[Row]:
    rows = [
        _header("host", "localhost"),
        _header("host", "127.0.0.1"),
        _header("host", "localhost:8042", "begins", "localhost"),
        _header("host", "archive"),
        _header("host", "", "empty", ""),
        _header("referer", "https://localhost/app/explorer.html", "contains", "/app/"),
        _header("referer", "https://localhost/", "given", ""),
        _header("origin", "https://localhost"),
        _header("origin", "null"),
        _header("cookie", "session=1", "given", ""),
        _header("cookie", "authenticated=true", "contains", "authenticated=true"),
        _header("cookie", "JSESSIONID=0", "contains", "JSESSIONID"),
        _header("content-type", "application/json"),
        _header("content-type", "application/x-www-form-urlencoded"),
        _header("range", "bytes=0-", "given", ""),
        _header("accept-language", "de", "begins", "de"),
        _header("upgrade", "websocket"),
        _header("authorization", "Basic Og=="),
        _header("authorization", "Basic YWRtaW46", "begins", "Basic YWRtaW4"),
        _header("authorization", "Bearer x", "begins", "Bearer "),
        _header("authorization", "Bearer"),
        _header("authorization", "Bearer eyJhbGciOiJub25lIn0.e30.", "contains", "eyJhbGciOiJub25lIn0"),
        _header("authorization", "Digest username=\"admin\"", "begins", "Digest"),
        _header("authorization", "Negotiate TlRMTVNTUAAB", "begins", "Negotiate"),
        _header("authorization", "x", "given", ""),
    ]  # fmt: skip
    for name in ("remote-user", "x-remote-user", "x-forwarded-user", "x-auth-request-user", "x-webauth-user", "x-user"):
        rows += [_header(name, "admin", "given", ""), _header(name, "admin")]
    for kind in (
        "application/json",
        "application/dicom+json",
        "application/dicom",
        "image/jpeg",
        "text/html",
        "text/plain",
    ):
        rows.append(_header("accept", kind))
    return rows


def _parameters() -> list[Row]:
    rows = list[Row]()
    for name in ("token", "access_token", "api_key", "key", "debug", "admin", "user", "format", "callback"):
        rows += [
            Row(f"query:{name}", "given", "", {f"query:{name}": "x"}),
            Row(f"query:{name}", "is", "1", {f"query:{name}": "1"}),
        ]
    return rows


def _requests() -> list[Row]:
    """How a request is spelt, and which of its connection it is."""
    return [
        Row("http", "is", "HTTP/1.0", {"http": "HTTP/1.0"}),
        Row("requests", "every", "10", {}),
        Row("requests", "every", "50", {}),
        Row("request", "is", "2", {"request": "2"}, WITHOUT_BODY),
        Row("request", "above", "2", {"request": "3"}, WITHOUT_BODY),
        Row("raw-path", "ends", "/", {"raw-path": "{path}/"}),
        Row("raw-path", "contains", "//", {"raw-path": "/{path}"}),
        Row("raw-path", "contains", ";", {"raw-path": "{path};x=y"}),
        Row("raw-path", "contains", "..", {"raw-path": "/x/..{path}"}),
        Row("raw-path", "contains", "/./", {"raw-path": "/.{path}"}),
        Row("raw-path", "contains", "%", {"raw-path": "{escaped}"}),
        Row("spelling", "is", "other", {"raw-path": "/%2e{path}"}),
        Row(
            "method",
            "is",
            "HEAD",
            {"method": "HEAD"},
            ("qido", "study", "instance", "system", "patients", "ui", "metrics"),
        ),
    ]
