"""DICOMweb, REST and the user interface: nothing without a login."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest

from pacs_hardening.model import Impact, Severity, Target, Unmeasurable, User, Violation, control
from pacs_hardening.oracle import must_hold, must_refuse_web
from pacs_hardening.probes.authorised import Authorised
from pacs_hardening.probes.web import MANNERS, WebAttempt, ask, leaks, multipart_object, route
from pacs_hardening.profiles import default_credentials
from pacs_hardening.wire import dimse, operations

LOGIN = ("CWE-306",)


def _refuses_anonymous(name: str, target: Target, authorised: Authorised) -> None:
    """GET of the named route at every web door, first without a login, then with one."""
    path = route(target, name)
    nothing_stored = target.specimen is None and "{instance}" in target.routes[name]
    must_refuse_web(_everywhere(target, path), authorised, path, absent=nothing_stored)


def _everywhere(target: Target, path: str, *, method: str = "GET") -> list[WebAttempt]:
    """The request without a login at every web door, bare and as a browser would send it."""
    doors = target.doors_of("web")
    return [ask(target, path, door=door, method=method, headers=manner) for door in doors for manner in MANNERS]


@control(
    Severity.CRITICAL,
    Impact.PASSIVE,
    exposure="ANYONE who reaches the web port can list patients and their studies.",
    needs=("web",),
    references=(*LOGIN, "PS3.18 10.6"),
)
def test_refuses_anonymous_qido(target: Target, authorised: Authorised) -> None:
    """The archive MUST refuse QIDO-RS searches without a login.

    anyone -> GET studies?PatientID= with an ID that nobody has; archive -> 401 or 403.
    """
    path = f"{route(target, 'qido')}?PatientID={operations.nobody()}"
    must_refuse_web(_everywhere(target, path), authorised, path)


@control(
    Severity.CRITICAL,
    Impact.PASSIVE,
    exposure="ANYONE who reaches the web port can download images.",
    needs=("web",),
    references=(*LOGIN, "PS3.18 10.4"),
)
def test_refuses_anonymous_wado_rs(target: Target, authorised: Authorised) -> None:
    """The archive MUST refuse WADO-RS retrieval without a login.

    anyone -> GET studies/…/instances/… of a synthetic object; archive -> 401 or 403.
    """
    _refuses_anonymous("wado-rs", target, authorised)


@control(
    Severity.CRITICAL,
    Impact.PASSIVE,
    exposure="ANYONE who reaches the web port can download images.",
    needs=("web",),
    references=(*LOGIN, "PS3.18 9"),
)
def test_refuses_anonymous_wado_uri(target: Target, authorised: Authorised) -> None:
    """The archive MUST refuse WADO-URI retrieval without a login.

    anyone -> GET ?requestType=WADO&… of a synthetic object; archive -> 401 or 403.
    """
    _refuses_anonymous("wado-uri", target, authorised)


@control(
    Severity.CRITICAL,
    Impact.WRITES,
    exposure="ANYONE who reaches the web port can put false images into patients' records.",
    needs=("web",),
    references=(*LOGIN, "PS3.18 10.5"),
)
def test_refuses_anonymous_stow(target: Target, authorised: Authorised) -> None:
    """The archive MUST refuse STOW-RS without a login.

    anyone -> POST of a synthetic object; archive -> 401 or 403, before anything is stored.
    """
    path = route(target, "stow")
    headers, body = multipart_object(dimse.encode_file(operations.synthetic_object()))
    attempts = [
        ask(target, path, door=door, method="POST", headers=headers, body=body) for door in target.doors_of("web")
    ]
    must_refuse_web(attempts, authorised, path, method="POST", headers=headers, body=body)


@control(
    Severity.CRITICAL,
    Impact.PASSIVE,
    exposure="ANYONE who reaches the web port can use the archive's own interface.",
    needs=("web",),
    references=LOGIN,
)
def test_refuses_anonymous_rest(target: Target, authorised: Authorised) -> None:
    """The archive MUST refuse its REST interface without a login.

    anyone -> GET of a REST resource; archive -> 401 or 403.
    """
    _refuses_anonymous("rest", target, authorised)


@control(
    Severity.CRITICAL,
    Impact.PASSIVE,
    exposure="ANYONE who reaches the web port can open the archive's user interface.",
    needs=("web",),
    references=LOGIN,
)
def test_refuses_anonymous_ui(target: Target, authorised: Authorised) -> None:
    """The archive MUST refuse its user interface without a login.

    anyone -> GET of the start page; archive -> 401 or 403.
    """
    _refuses_anonymous("ui", target, authorised)


@control(
    Severity.LOW,
    Impact.PASSIVE,
    exposure="Anyone can read how much the archive holds and how busy it is.",
    needs=("web",),
    references=LOGIN,
)
def test_refuses_anonymous_metrics(target: Target, authorised: Authorised) -> None:
    """The archive MUST refuse its metrics without a login.

    anyone -> GET of the metrics; archive -> 401 or 403.
    """
    _refuses_anonymous("metrics", target, authorised)


TRICKS = {
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
}


METHODS = {"head": "HEAD", "post": "POST", "unknown-verb": "FETCH", "method-override": "OPTIONS"}
HEADERS = {
    "method-override": {"X-HTTP-Method-Override": "GET", "X-Original-URL": "{path}", "X-Rewrite-URL": "{path}"},
    "forged-proxy-headers": {"X-Forwarded-For": "127.0.0.1", "X-Remote-User": "admin", "X-Forwarded-User": "admin"},
}


@pytest.mark.parametrize("trick", [*TRICKS, *METHODS, "forged-proxy-headers"])
@control(
    Severity.CRITICAL,
    Impact.PASSIVE,
    exposure="The login can be walked around by spelling an address differently.",
    needs=("web",),
    references=(*LOGIN, "CWE-22", "CWE-647"),
)
def test_refuses_path_tricks(target: Target, authorised: Authorised, trick: str) -> None:
    """The archive MUST refuse without a login what it refuses by its plain name, however the request is spelt.

    A proxy and an archive that read one path differently are a door that neither of them guards.

    anyone -> the REST resource in other spellings, HEAD, overridden verbs; archive -> no content.
    """
    path = route(target, "rest")
    encoded = f"/%{ord(path[1]):02x}{path[2:]}"
    spelt = TRICKS.get(trick, "{path}").format(path=path, encoded=encoded)
    headers = {name: value.format(path=path) for name, value in HEADERS.get(trick, {}).items()}
    method = METHODS.get(trick, "GET")
    attempts = [ask(target, spelt, door=door, method=method, headers=headers) for door in target.doors_of("web")]
    served = [a for a in attempts if a.answer and 200 <= a.answer.status < 300 and (a.answer.body or method == "HEAD")]
    must_hold("no content", [(a.said, (a.said,)) for a in served])
    page = authorised.web(path)
    leaking = [a for a in attempts if a.answer and leaks(a.answer, page, target)]
    must_hold("no content", [(f"{a.said}, with what a user gets in it", (a.said,)) for a in leaking])


@control(
    Severity.CRITICAL,
    Impact.ACTIVE,
    exposure="ANYONE can log in: the archive still has a factory password.",
    needs=("web",),
    references=("ATT&CK T1078.001",),
)
def test_refuses_default_credentials(target: Target, authorised: Authorised) -> None:
    """The archive MUST refuse the user names and passwords that products are shipped with.

    anyone -> each pair of a short public list; archive -> 401 or 403.
    """
    path = route(target, "rest")
    own = {user.username: user.password.reveal() for user in target.users.values()}
    failures, unclear = [], ""
    for username, password in default_credentials():
        if own.get(username) == password.reveal():
            failures.append((f"the user '{username}' of this gate has the factory password", ()))
        for door in target.doors_of("web"):
            attempt = ask(target, path, door=door, user=User(username, password))
            said = f"'{username}' with its factory password gets {attempt.how} at {door}"
            if attempt.answer is not None and 200 <= attempt.answer.status < 300:
                failures.append((said, (said,)))
            elif attempt.answer is not None and attempt.answer.status not in (401, 403):
                unclear = unclear or said  # throttled, redirected or broken: the pair was not really tried
    must_hold("401 or 403", failures)
    if unclear:
        raise Unmeasurable(unclear)
    authorised.web(path)


SIX_MONTHS = 15_552_000  # seconds


def _missing_headers(headers: Mapping[str, str], *, tls: bool) -> list[str]:
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


@control(
    Severity.MEDIUM,
    Impact.PASSIVE,
    exposure="Browsers keep copies of patient data, or can be tricked into acting for somebody else.",
    needs=("web",),
    references=("RFC 6797", "RFC 9111 5.2.2.5"),
)
def test_sets_protective_headers(target: Target, authorised: Authorised) -> None:
    """Answers with patient data MUST forbid sniffing, framing, caching and indexing, and insist on TLS.

    authorised user -> GET of a listing; archive -> nosniff, frame-ancestors, HSTS, no-store, noindex.
    """
    answer = authorised.web(route(target, "qido"))
    missing = _missing_headers(answer.headers, tls=target.doors_of("web")[0].tls)
    if missing:
        raise Violation("all protective headers", f"missing: {', '.join(missing)}", sorted(answer.headers))
