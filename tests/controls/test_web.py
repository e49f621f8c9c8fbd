"""DICOMweb, REST and the user interface: nothing without a login."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest

from pacs_hardening.model import (
    Door,
    Impact,
    Missing,
    Severity,
    Target,
    Unmeasurable,
    User,
    Violation,
    WebRequest,
    control,
)
from pacs_hardening.oracle import must_hold, must_not_reach, must_refuse_alike, must_refuse_web
from pacs_hardening.probes import bodies, crawl, crossorigin, errors, guess
from pacs_hardening.probes.authorised import Authorised
from pacs_hardening.probes.web import (
    MANNERS,
    Hangs,
    WebAttempt,
    ask,
    filled,
    leaks,
    multipart_object,
    route,
    send,
    side_by_side,
)
from pacs_hardening.profiles import default_credentials
from pacs_hardening.wire import dimse, operations
from pacs_hardening.wire.http import Answer

LOGIN = ("CWE-306",)


def _refuses_anonymous(name: str, target: Target, authorised: Authorised, query: str = "") -> None:
    """The named route, and what else the target names behind that door, first without a login, then with one."""
    path = route(target, name) + query
    nothing_stored = target.specimen is None and "{instance}" in target.routes[name]
    further = [each for each in target.further if each.door == name]
    _must_refuse_strangers(target, authorised, [WebRequest(path, absent=nothing_stored), *further], MANNERS)
    authorised.web(path, absent=nothing_stored)


def _must_refuse_strangers(
    target: Target, authorised: Authorised, requests: list[WebRequest], manners: tuple[dict[str, str], ...]
) -> None:
    """Each request at every web door: of strangers in several manners, then of a user."""
    asked = [(each, door) for each in requests for door in target.doors_of("web")]
    strangers = [
        side_by_side(lambda one, manner=manner: send(target, one[0], door=one[1], headers=manner), asked)
        for manner in manners
    ]
    served = [attempt for told in strangers for attempt in told if 200 <= attempt.status < 300]
    must_hold("401 or 403, or no answer at all", [(a.said, (a.said,)) for a in served])
    user = authorised.user()
    users = side_by_side(lambda one: send(target, one[0], door=one[1], user=user, headers=manners[0]), asked)
    told = zip(asked, zip(*strangers, strict=True), users, strict=True)
    must_refuse_alike([(each, of, own) for (each, _), of, own in told], target)


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
    path = route(target, "webdav")
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

    A proxy and an archive that read one path differently are a door that neither of them guards.

    anyone -> the REST resource in other spellings, HEAD, overridden verbs; archive -> no content.
    """
    path = route(target, "rest")
    encoded = f"/%{ord(path[1]):02x}{path[2:]}"
    spelt = TRICKS.get(trick, "{path}").format(path=path, encoded=encoded, upper=path.upper())
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
    path = route(target, "rest")
    for door in target.doors_of("web"):
        known, unknown = guess.guess(target, door, path, authorised.user())
        served = [each.attempts[0].said for each in (known, unknown) if 200 <= each.attempts[0].status < 300]
        must_hold("401 or 403", [(f"{said}, with a wrong password", (said,)) for said in served])
        if known.told != unknown.told:
            said = [each.attempts[0].said for each in (known, unknown)]
            raise Violation("the same refusal", f"at {door} a known user is told otherwise than an unknown one", said)
        if guess.differ(known, unknown) and guess.differ(*guess.guess(target, door, path, authorised.user())):
            raise Violation("the same time", f"at {door} it can be told by the time whether there is such a user")
        authorised.web(path, door=door)


@control(
    Severity.CRITICAL,
    Impact.ACTIVE,
    exposure="ANY user, or malware on his computer, can run commands in the archive or destroy what it holds.",
    needs=("web",),
    references=("CWE-749", "CVE-2023-33466"),
)
def test_refuses_dangerous_endpoints(target: Target, authorised: Authorised) -> None:
    """The archive MUST refuse an ordinary user what only its administrator needs.

    That is: scripts, files on the server, shutdown, deletion, other nodes, settings. The target names the requests;
    nothing would come of them where they are allowed.

    anyone and an authorised user -> each request; archive -> 401, 403 or 405, not a complaint about what is in it.
    """
    if not target.dangerous:
        raise Missing("the target names no requests that an ordinary user must be refused ([[dangerous]])")
    everybody = (authorised.user(), None)
    asked = [(each, door, who) for each in target.dangerous for door in target.doors_of("web") for who in everybody]
    told = side_by_side(lambda one: _or_waiting(target, *one), asked)
    must_not_reach([(each, attempt) for (each, *_), attempt in zip(asked, told, strict=True)])
    authorised.page()


def _or_waiting(target: Target, asked: WebRequest, door: Door, user: User | None) -> WebAttempt:
    """A door that waits for the rest of an unfinished request has let it through: as good as 100 Continue."""
    try:
        return send(target, asked, door=door, user=user)
    except Hangs:
        if not asked.unfinished:
            raise
        waiting = Answer(100, {}, b"")
        return WebAttempt(
            door,
            f"{asked.method} {asked.path}",
            waiting,
            "by waiting for the rest",
            "with a login" if user else "without login",
        )


@control(
    Severity.HIGH,
    Impact.ACTIVE,
    exposure="Any web page that a logged-in user opens can read or command the archive in his name.",
    needs=("web",),
    references=("CWE-346", "CWE-352", "CWE-942"),
)
def test_refuses_cross_origin(target: Target, authorised: Authorised) -> None:
    """The archive MUST allow no other site's page to read its answers, nor to send it requests in a user's name.

    A browser adds the user's password by itself to whatever page asks for it.

    authorised user -> GET, preflight and form POST with a foreign Origin; archive -> no leave to read, 403.
    """
    user, door = authorised.user(), target.doors_of("web")[0]
    path = f"{route(target, 'qido')}?PatientID={operations.nobody()}"
    read = [a for each in target.doors_of("web") for a in crossorigin.reads(target, each, path, user)]
    must_hold("no leave for other sites to read", [(f"{a.said}, which allows other sites", (a.said,)) for a in read])
    post = next((each for each in target.further if each.method == "POST"), None)
    if post is None:
        raise Missing("the target names no POST that a user may send ([[further]])")
    sent = [a for each in target.doors_of("web") for a in crossorigin.posts(target, each, post, user)]
    taken = [(f"{a.said}, sent by another site", (a.said,)) for a in sent if 200 <= a.status < 300]
    must_hold("403 for what other sites send", taken)
    for attempt in sent:
        if attempt.status not in (0, *range(400, 429)):
            raise Unmeasurable(f"{attempt.said}: neither taken nor refused")
    own = crossorigin.own(target, door)
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
    for door in target.doors_of("web"):
        found += errors.provoke(target, door, route(target, "rest"), authorised.user())
    told = [(a, what) for a in found if a.answer for what in errors.describes(a.answer)]
    must_hold("no description", [(f"{a.said} and tells {what}", (a.said,)) for a, what in told])
    if not any(a.who == "with a login" and a.status not in (401, 403, 429, 503) for a in found):
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
    path = route(target, "stow")
    if target.body_limit is None:
        raise Missing("the target does not say how long a request body may be (body_limit)")
    failures, unclear = [], []
    for door in target.doors_of("web"):
        told = bodies.oversized(target, door, path, authorised.user(), target.body_limit)
        failures += [(f"waits for more: {kind}", (str(door),)) for kind, a in told if a is None]
        if bodies.nested(target, door, path, authorised.user()) is None:
            failures.append(("comes to no end with multipart in multipart", (str(door),)))
        wrong = [(kind, a) for kind, a in told if a and a.status not in bodies.REFUSALS]
        failures += [(f"{kind}: {a.said}", (a.said,)) for kind, a in wrong if a.status < 300 or a.status == 500]
        unclear += [f"{kind}: {a.said}" for kind, a in wrong]
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
def test_exposes_nothing_to_web_search(target: Target, authorised: Authorised) -> None:
    """The archive MUST show a crawler without a login no patient, no object and no list, and no page to keep.

    crawler -> the root, and whatever is linked from there; archive -> no content.
    """
    named = [target.routes.get(name, "") for name in ("ui", "qido", "rest-patients")]
    seeds = ["/", "/robots.txt", "/sitemap.xml", *(path for path in named if path and "{" not in path)]
    failures, unclear = [], ""
    for door in target.doors_of("web"):
        for attempt in crawl.crawl(target, door, seeds):
            answer = attempt.answer or Answer(0, {}, b"")
            if answer.status == 429 or answer.status >= 500:
                unclear = attempt.said
            served = 200 <= answer.status < 300
            if leaks(answer, Answer(0, {}, b""), target) or (served and crawl.listing(answer)):
                failures.append((f"{attempt.said}: patient data or a list", (attempt.said,)))
            elif crawl.may_be_indexed(answer):
                failures.append((f"{attempt.said}: a page that may be indexed", (attempt.said,)))
    must_hold("no content for a crawler", failures)
    if unclear:
        raise Unmeasurable(unclear)
    authorised.page()


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
    path = route(target, "rest")
    for door in target.doors_of("web"):
        throttled = guess.guess_until_throttled(target, door, path)
        if throttled is None:
            raise Violation("429 or close", f"{guess.MOST} wrong passwords were tried and answered at {door}")
        must_hold("429 or close", [(throttled.said, (throttled.said,))] if 200 <= throttled.status < 300 else [])
        authorised.web(path, door=door)
