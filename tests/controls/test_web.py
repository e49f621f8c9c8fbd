"""DICOMweb, REST and the user interface: nothing without a login."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache, partial
from typing import Any

import pytest

from pacs_hardening.model import (
    Endpoint,
    Impact,
    Inapplicable,
    Missing,
    Severity,
    Target,
    Unmeasurable,
    User,
    Violation,
    WebRequest,
    control,
)
from pacs_hardening.model.response import Said
from pacs_hardening.oracles.access import Failure, must_hold
from pacs_hardening.oracles.ways import must_serve_in_no_way
from pacs_hardening.oracles.web import (
    NO_CONTENT,
    UNCLEAR,
    Reply,
    failure,
    is_empty,
    must_not_reach,
    must_refuse_alike,
    must_refuse_web,
)
from pacs_hardening.probes.authorised import Authorised
from pacs_hardening.probes.web import (
    bodies,
    crawl,
    crossorigin,
    elsewhere,
    errors,
    guess,
)
from pacs_hardening.probes.web.crawl import listing
from pacs_hardening.probes.web.elsewhere import at_no_such_path, is_alike
from pacs_hardening.probes.web.request import (
    MANNERS,
    NOBODY,
    Hangs,
    WebAttempt,
    ask,
    at_a_guarded_path,
    filled,
    guarded,
    leaks,
    multipart_object,
    route,
    send,
    side_by_side,
)
from pacs_hardening.profiles import conventional_paths, default_credentials
from pacs_hardening.run.exploring import ExploreWeb
from pacs_hardening.space.web.draft import Party
from pacs_hardening.wire import dimse, operations
from pacs_hardening.wire.http import Answer

LOGIN = ("CWE-306",)
NOTHING = Answer(0, {}, b"")


def _refuses_anonymous(name: str, target: Target, authorised: Authorised, query: str = "") -> None:
    """The named route, and what else the target names beside it, first without a login, then with one; and where such
    routes are by convention, whatever the target names."""
    besides = [each for each in target.protected_requests if each.route == name]
    _serves_no_stranger_elsewhere(name, target, query)
    if not target.routes.get(name):
        _must_refuse_strangers(target, authorised, besides, MANNERS)
        _must_be_absent(name, target, authorised, query)
        if besides:
            return
        raise Inapplicable(f"the target has no {name} route, for a user neither")
    path = route(target, name) + query
    nothing_stored = target.sample_study is None and "{instance}" in target.routes[name]
    _must_refuse_strangers(target, authorised, [WebRequest(path, absent=nothing_stored), *besides], MANNERS)
    authorised.web(path, absent=nothing_stored)


def _serves_no_stranger_elsewhere(name: str, target: Target, query: str = "", **request: Any) -> None:
    """What a target does not name is asked for all the same."""
    paths = [f"{path}{query}" for path in conventional_paths()[name] if path != target.routes.get(name)]
    manners = ({"headers": each} for each in MANNERS) if not request else (request,)
    found = [each for manner in manners for each in elsewhere.served(target, paths, **manner)]
    unnamed = f", which the target does not name as its {name} route"
    must_hold(NO_CONTENT, [failure(each, unnamed) for each in found])


def _must_be_absent(name: str, target: Target, authorised: Authorised, query: str = "", **request: Any) -> None:
    """Raises Missing where the target says nothing of the route, or says that there is none and a user is served at a
    conventional place."""
    route(target, name)
    named = {path.partition("?")[0] for path in (*target.routes.values(), *(r.path for r in target.protected_requests))}
    paths = [f"{path}{query}" for path in conventional_paths()[name] if path.partition("?")[0] not in named]
    found = elsewhere.served(target, paths, user=authorised.user(), **request)
    authorised.page()
    if found:
        raise Missing(f"the target says that it has no {name} route, but serves a user: {found[0].asked}")


def _path(name: str, target: Target, authorised: Authorised, **request: Any) -> str:
    """The named route. Raises Missing as ``_must_be_absent`` does, Inapplicable where a user is not served either."""
    if path := route(target, name):
        return path
    _must_be_absent(name, target, authorised, **request)
    raise Inapplicable(f"the target has no {name} route, for a user neither")


def _must_refuse_strangers(
    target: Target, authorised: Authorised, requests: list[WebRequest], manners: tuple[dict[str, str], ...]
) -> None:
    """Each request at every web endpoint: of strangers in several manners, then of a user."""
    asked = [(each, endpoint) for each in requests for endpoint in target.endpoints_of("web")]

    def as_stranger(manner: dict[str, str]) -> list[WebAttempt]:
        return side_by_side(lambda one: send(target, one[0], endpoint=one[1], headers=manner), asked)

    strangers = [as_stranger(manner) for manner in manners]
    served = [each for told in strangers for each in told if Reply.of(each.response) is Reply.SERVED]
    must_hold(NO_CONTENT, [failure(each) for each in served if not is_empty(each)])
    user = authorised.user()
    users = side_by_side(lambda one: send(target, one[0], endpoint=one[1], user=user, headers=manners[0]), asked)
    told = zip(asked, zip(*strangers, strict=True), users, strict=True)
    must_refuse_alike([(each, of, own) for (each, _), of, own in told], target, cache(partial(at_no_such_path, target)))


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
    _refuses_anonymous("qido", target, authorised, f"?PatientID={operations.nobody()}")


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
    headers, body = multipart_object(dimse.encode_file(operations.synthetic_object()))
    sent: dict[str, Any] = {"method": "POST", "headers": headers, "body": body}
    if not target.routes.get("stow"):
        _serves_no_stranger_elsewhere("stow", target, **sent)
    path = _path("stow", target, authorised, **sent)
    attempts = [
        ask(target, path, endpoint=endpoint, method="POST", headers=headers, body=body)
        for endpoint in target.endpoints_of("web")
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

    anyone -> each REST resource that the target names; archive -> 401 or 403.
    """
    _refuses_anonymous("rest", target, authorised)


@control(
    Severity.CRITICAL,
    Impact.PASSIVE,
    exposure="ANYONE who reaches the web port can browse the archive as a folder.",
    needs=("web",),
    references=(*LOGIN, "RFC 4918 9.1"),
)
def test_refuses_anonymous_webdav(target: Target, authorised: Authorised) -> None:
    """The archive MUST refuse WebDAV without a login.

    anyone -> PROPFIND and GET of the WebDAV folder; archive -> 401, 403 or 405.
    """
    if not target.routes.get("webdav"):
        _serves_no_stranger_elsewhere("webdav", target, method="PROPFIND", headers={"Depth": "1"})
    path = _path("webdav", target, authorised, method="PROPFIND", headers={"Depth": "1"})
    requests = [WebRequest(path, "PROPFIND", absent=True), WebRequest(path, absent=True)]
    _must_refuse_strangers(target, authorised, requests, ({"Depth": "1"},))
    authorised.page()


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


@control(
    Severity.CRITICAL,
    Impact.PASSIVE,
    exposure="Somebody without a login who asks in the right way can list patients or download their images.",
    needs=("web",),
    references=(*LOGIN, "CWE-290", "CWE-647", "PS3.18 8"),
)
def test_refuses_strangers_in_every_way(explore_web: ExploreWeb) -> None:
    """The archive MUST refuse requests without a login, in whatever way they are made.

    Whoever may do nothing here may do nothing by another method, spelling or protocol version, through another route of
    the same service, as a later request of a connection, or with a header field that some proxy sets for somebody else;
    nor by several of these together. What is served is reduced to the smallest thing that makes it so.

    anyone -> each route of PS3.18 and of the target, with each value of all that can vary; archive -> refusal.
    """
    must_serve_in_no_way([cause for explored in explore_web(0.4, Party.NOBODY) for cause in explored.causes])


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
    "double-encoded": "/x/%252e%252e{path}",
    "backslash": "/x\\..{path}",
    "absolute-form": "https://localhost{path}",
    "upper-case": "{upper}",
    "fragment": "/robots.txt#/..{path}",
}


def _is_for_all(target: Target, attempt: WebAttempt, method: str) -> bool:
    """Whether a stranger is told the same by the same method at a path that nobody has."""
    if method == "GET" and attempt.answer and (listing(attempt.answer) or leaks(attempt.answer, NOTHING, target)):
        return False
    return is_alike(attempt, ask(target, f"/{NOBODY}", endpoint=attempt.endpoint, method=method))


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


@pytest.mark.parametrize("trick", dict.fromkeys([*TRICKS, *METHODS, *HEADERS]))
@control(
    Severity.CRITICAL,
    Impact.PASSIVE,
    exposure="The login can be walked around by spelling an address differently.",
    needs=("web",),
    references=(*LOGIN, "CWE-22", "CWE-647"),
)
def test_refuses_path_tricks(target: Target, authorised: Authorised, trick: str) -> None:
    """The archive MUST refuse without a login what it refuses by its plain name, however the request is spelt.

    A proxy and an archive that read one path differently are an endpoint that neither of them guards.

    anyone -> the REST resource in other spellings, HEAD, overridden verbs; archive -> no content.
    """
    path, mark, query = guarded(target).partition("?")
    encoded = f"/%{ord(path[1]):02x}{path[2:]}"
    spelt = TRICKS.get(trick, "{path}").format(path=path, encoded=encoded, upper=path.upper()) + mark + query
    headers = {name: value.format(path=path) for name, value in HEADERS.get(trick, {}).items()}
    method = METHODS.get(trick, "GET")
    attempts = [
        ask(target, spelt, endpoint=endpoint, method=method, headers=headers) for endpoint in target.endpoints_of("web")
    ]
    told = [a for a in attempts if Reply.of(a.response) is Reply.SERVED and a.answer]
    page = authorised.web(path + mark + query)
    # What is answered to OPTIONS, at the root or at a path that nobody has is no content of this path.
    served = [
        a for a in told if a.answer and (a.answer.body or method == "HEAD") and not _is_for_all(target, a, method)
    ]
    must_hold("no content", [failure(each) for each in served])
    empty = [a for a in attempts if not page.body and a.answer and a.answer.status == page.status and method == "GET"]
    must_hold("no content", [failure(each, ", as to a user") for each in empty])
    leaking = [a for a in attempts if a.answer and leaks(a.answer, page, target)]
    must_hold("no content", [failure(each, ", with what a user gets in it") for each in leaking])


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
    own = {user.username: user.password.reveal() for user in target.users.values()}
    user = authorised.user() if target.users else None
    failures, unclear, open_to_all = list[Failure](), list[Said](), dict[str, None]()
    told = {endpoint: at_a_guarded_path(target, endpoint, user) for endpoint in target.endpoints_of("web")}
    for username, password in default_credentials():
        if own.get(username) == password.reveal():
            failures.append((f"the user '{username}' of this gate has the factory password", ()))
        for endpoint, (path, anybody) in told.items():
            attempt = ask(target, path, endpoint=endpoint, user=User(username, password))
            if is_alike(attempt, anybody):
                reply = Reply.REFUSED if 300 <= attempt.status < 400 else Reply.of(anybody.response)
                if reply is Reply.SERVED:
                    open_to_all[str(endpoint)] = None
                    continue
            else:
                reply = Reply.of(attempt.response)
            if reply is Reply.SERVED:
                failures.append(failure(attempt, f" for '{username}' with its factory password"))
            elif reply is Reply.NEITHER:  # throttled, redirected or broken: the pair was not really tried
                unclear.append((attempt.observed, UNCLEAR, f", for '{username}' with its factory password"))
    must_hold("401 or 403", failures)
    if unclear:
        raise Unmeasurable(unclear[0])
    authorised.web(guarded(target))
    if open_to_all:
        raise Inapplicable(f"at {', '.join(open_to_all)} nobody is asked for a login: there is none to try one at")


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
    answer = authorised.web(target.routes.get("qido") or guarded(target))
    missing = _missing_headers(answer.headers, tls=target.endpoints_of("web")[0].tls)
    if missing:
        raise Violation("all protective headers", f"missing: {', '.join(missing)}", sorted(answer.headers))


@control(
    Severity.MEDIUM,
    Impact.ACTIVE,
    exposure="Whoever tries names at the login is told which users exist.",
    needs=("web",),
    references=("CWE-204", "CWE-208"),
)
def test_refuses_wrong_credentials_alike(target: Target, authorised: Authorised) -> None:
    """The archive MUST answer a wrong password the same, and as quickly, whether there is such a user or not.

    anyone -> wrong passwords of a user and of nobody, in turns; archive -> the same refusal.
    """
    path, user = guarded(target), authorised.guessable()
    for endpoint in target.endpoints_of("web"):
        known, unknown = guess.guess(target, endpoint, path, user)
        firsts = [each.attempts[0] for each in (known, unknown)]
        every = (*known.attempts, *unknown.attempts)
        served = [each for each in every if Reply.of(each.response) is Reply.SERVED]
        must_hold("401 or 403", [failure(each, ", with a wrong password") for each in served])
        if known.same != unknown.same:
            said = f"at {endpoint} a known user is told otherwise than an unknown one"
            raise Violation("the same refusal", said, [each.observed for each in firsts])
        if guess.differ(known, unknown) and guess.differ(*guess.guess(target, endpoint, path, user)):
            raise Violation("the same time", f"at {endpoint} it can be told by the time whether there is such a user")
        authorised.web(path, endpoint=endpoint)


@control(
    Severity.CRITICAL,
    Impact.ACTIVE,
    exposure="ANY user, or malware on his computer, can run commands in the archive or destroy what it holds.",
    needs=("web",),
    references=("CWE-749", "CVE-2023-33466"),
)
def test_refuses_dangerous_endpoints(target: Target, authorised: Authorised, explore_web: ExploreWeb) -> None:
    """The archive MUST refuse an ordinary user what only its administrator needs.

    That is: scripts, files on the server, shutdown, deletion, other nodes, settings. The target names the requests;
    nothing would come of them where they are allowed.

    anyone and an authorised user -> each request; archive -> 401, 403 or 405, not a complaint about what is in it.
    """
    if not target.admin_requests:
        raise Missing("the target names no requests that an ordinary user must be refused ([[admin_requests]])")
    everybody = (authorised.user(), None)
    asked = [
        (each, endpoint, who)
        for each in target.admin_requests
        for endpoint in target.endpoints_of("web")
        for who in everybody
    ]
    told = side_by_side(lambda one: _or_waiting(target, *one), asked)
    must_not_reach([(each, attempt) for (each, *_), attempt in zip(asked, told, strict=True)])
    must_serve_in_no_way([cause for explored in explore_web(0.05, Party.USER) for cause in explored.causes])
    authorised.page()


def _or_waiting(target: Target, asked: WebRequest, endpoint: Endpoint, user: User | None) -> WebAttempt:
    """An endpoint that waits for the rest of an unfinished request has let it through: as good as 100 Continue."""
    try:
        return send(target, asked, endpoint=endpoint, user=user)
    except Hangs:
        if not asked.unfinished:
            raise
        waiting = Answer(100, {}, b"")
        return WebAttempt(endpoint, f"{asked.method} {asked.path}", waiting, logged_in=user is not None)


@control(
    Severity.HIGH,
    Impact.ACTIVE,
    exposure="Any web page that a logged-in user opens can read or command the archive in his name.",
    needs=("web",),
    references=("CWE-346", "CWE-352", "CWE-942"),
)
def test_refuses_cross_origin(target: Target, authorised: Authorised, explore_web: ExploreWeb) -> None:
    """The archive MUST allow no other site's page to read its answers, nor to send it requests in a user's name.

    A browser adds the user's password by itself to whatever page asks for it.

    authorised user -> GET, preflight and form POST with a foreign Origin; archive -> no leave to read, 403.
    """
    user, endpoint = authorised.user(), target.endpoints_of("web")[0]
    path = guarded(target, first="qido")
    read = [a for each in target.endpoints_of("web") for a in crossorigin.reads(target, each, path, user)]
    must_hold("no leave for other sites to read", [failure(each, ", which allows other sites") for each in read])
    post = next((each for each in target.protected_requests if each.method == "POST"), None)
    if post is None:
        raise Missing("the target names no POST that a user may send ([[protected_requests]])")
    sent = [a for each in target.endpoints_of("web") for a in crossorigin.posts(target, each, post, user)]
    taken = [failure(each, ", sent by another site") for each in sent if Reply.of(each.response) is Reply.SERVED]
    must_hold("403 for what other sites send", taken)
    for attempt in sent:
        if attempt.status not in (0, *range(400, 429)):
            raise Unmeasurable(attempt.observed, ": neither taken nor refused")
    must_serve_in_no_way([cause for explored in explore_web(0.05, Party.PAGE) for cause in explored.causes])
    own = crossorigin.own(target, endpoint)
    authorised.web(path, headers=own)
    typed = {**own, **({"Content-Type": post.type} if post.type else {})}
    authorised.web(filled(post.path, target), method="POST", headers=typed, body=filled(post.body, target).encode())


@control(
    Severity.LOW,
    Impact.ACTIVE,
    exposure="Errors tell an attacker what the archive is made of.",
    needs=("web",),
    references=("CWE-209",),
)
def test_describes_no_internals_in_errors(target: Target, authorised: Authorised) -> None:
    """Answers to requests that fail MUST NOT describe the inside: stack traces, exceptions, files, SQL, versions.

    anyone and an authorised user -> unknown paths, methods, bodies; archive -> an error without a description.
    """
    found: list[WebAttempt] = []
    for endpoint in target.endpoints_of("web"):
        found += errors.provoke(target, endpoint, guarded(target).partition("?")[0], authorised.user())
    told = [(a, what) for a in found if a.answer for what in errors.describes(a.answer)]
    must_hold("no description", [failure(each, f" and tells {what}") for each, what in told])
    if not any(a.logged_in and a.status not in (401, 403, 429, 503) for a in found):
        raise Unmeasurable("no request of an authorised user led to an error")
    authorised.page()


@control(
    Severity.HIGH,
    Impact.DISRUPTIVE,
    exposure="One request fills the memory or the disk of the archive, and nobody gets images any more.",
    needs=("web",),
    references=("CWE-409", "CWE-770", "CVE-2026-5438", "CVE-2026-5440"),
)
def test_limits_request_bodies(target: Target, authorised: Authorised) -> None:
    """The archive MUST refuse a request body beyond its declared limit before it has taken it, packed ones too.

    authorised user -> huge Content-Length, endless chunks, gzip bomb, deep multipart; archive -> 413, 4xx or close.
    """
    path = _path("stow", target, authorised)
    if target.body_limit is None:
        raise Missing("the target does not say how long a request body may be (body_limit)")
    failures, unclear = list[Failure](), list[Said]()
    for endpoint in target.endpoints_of("web"):
        told = bodies.oversized(target, endpoint, path, authorised.user(), target.body_limit)
        failures += [(f"waits for more: {kind}", (str(endpoint),)) for kind, a in told if a is None]
        if bodies.nested(target, endpoint, path, authorised.user()) is None:
            failures.append(("comes to no end with multipart in multipart", (str(endpoint),)))
        wrong = [(kind, a) for kind, a in told if a and a.status not in bodies.REFUSALS]
        failures += [failure(a, f", to {kind}") for kind, a in wrong if a.status < 300 or a.status == 500]
        unclear += [(a.observed, f", to {kind}") for kind, a in wrong]
    must_hold("413, 400, 411, 415 or close", failures)
    if unclear:
        raise Unmeasurable(unclear[0])
    headers, body = multipart_object(dimse.encode_file(operations.synthetic_object()))
    authorised.web(path, method="POST", headers=headers, body=body)


@control(
    Severity.CRITICAL,
    Impact.PASSIVE,
    exposure="A search engine can find patients of this archive and show them to the world.",
    needs=("web",),
    references=(*LOGIN, "RFC 9309"),
)
def test_exposes_nothing_to_web_search(target: Target) -> None:
    """The archive MUST show a crawler without a login no patient, no object and no list, and no page to keep.

    crawler -> the root, and whatever is linked from there; archive -> no content.
    """
    named = [target.routes.get(name, "") for name in ("ui", "qido", "rest-patients")]
    seeds = ["/", "/robots.txt", "/sitemap.xml", *(path for path in named if path and "{" not in path)]
    failures, unclear = list[Failure](), list[Said]()
    for endpoint in target.endpoints_of("web"):
        for attempt in crawl.crawl(target, endpoint, seeds):
            answer = attempt.answer or Answer(0, {}, b"")
            if answer.status == 429 or answer.status >= 500:
                unclear.append(attempt.observed)
            served = 200 <= answer.status < 300
            if leaks(answer, Answer(0, {}, b""), target) or (served and crawl.listing(answer)):
                failures.append(failure(attempt, ": patient data or a list"))
            elif crawl.may_be_indexed(answer):
                failures.append(failure(attempt, ": a page that may be indexed"))
    must_hold("no content for a crawler", failures)
    if unclear:
        raise Unmeasurable(unclear[0])


# The last control of all: some archives refuse our address from now on.
@control(
    Severity.MEDIUM,
    Impact.DISRUPTIVE,
    exposure="Passwords can be guessed as fast as the archive answers.",
    needs=("web",),
    references=("CWE-307",),
)
def test_throttles_password_guessing(target: Target, authorised: Authorised) -> None:
    """The archive MUST stop answering wrong passwords of one user after 100 of them, and still serve others.

    The guesses are at a made-up user, so that nobody is locked out.

    anyone -> up to 100 wrong passwords; archive -> 429, another refusal than at first, or close.
    """
    path, _ = guarded(target), authorised.guessable()
    for endpoint in target.endpoints_of("web"):
        throttled = guess.guess_until_throttled(target, endpoint, path)
        if throttled is None:
            raise Violation("429 or close", f"{guess.MOST} wrong passwords were tried and answered at {endpoint}")
        must_hold("429 or close", [failure(throttled)] if Reply.of(throttled.response) is Reply.SERVED else [])
        authorised.web(path, endpoint=endpoint)
