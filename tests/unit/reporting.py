"""Fabricated runs for the tests of reports."""

from __future__ import annotations

from pacs_hardening.model import (
    Comparison,
    Control,
    Finding,
    Impact,
    Past,
    Run,
    Severity,
    Status,
    judge,
)

# What a hostile archive puts into AE titles, banners and errors: markup, script, terminal escapes, formulas, lines of
# a log, commands to build servers, mentions, links, bidirectional overrides.
HOSTILE = (
    "<script>window.owned=1</script>",
    "<img src=x onerror=window.owned=1>",
    '"><svg/onload=window.owned=1>',
    "</style></title></textarea><h1 id=injected>PASS</h1>",
    "javascript:window.owned=1",
    "\x1b]0;owned\x07\x1b[2J\x1b[31m",
    '=HYPERLINK("http://evil.example/","PASS")',
    "+1+cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd",
    "\r\nPASS  Every stranger was refused",
    "\n::error::owned",
    "::set-output name=x::owned",
    "##vso[task.setvariable variable=x]owned",
    "| ` ~~~ [PASS](http://evil.example/) ![x](http://evil.example/x.png) @everyone #1 www.evil.example",
    "</td></tr></table><td data-status=PASS>",
    "\u202egnp.exe\u2066\u200b\ufeff\ud800",
    "]]> --> {0} [x](1) &lt;b&gt;",
)


def control(name: str, severity: Severity = Severity.HIGH) -> Control:
    return Control(
        id=name,
        requirement=f"The archive MUST hold {name}.\n\nBecause it matters.",
        exposure=f"ANYONE can break {name}.",
        severity=severity,
        impact=Impact.PASSIVE,
        references=("PS3.15 B.12",),
    )


def failing(name: str, severity: Severity = Severity.HIGH, **more: object) -> Finding:
    base: dict[str, object] = {
        "expected": "a refusal",
        "actual": "the list of patients",
        "evidence": ("A-ASSOCIATE-AC",),
        "fix": ("set X to false",),
        "supports": ("HIPAA 164.312(e)(1) Transmission security",),
    }
    return Finding(control(name, severity), Status.FAIL, **{**base, **more})  # type: ignore[arg-type]


def run(*findings: Finding, name: str = "ward", aborted: str | None = None, **more: object) -> Run:
    verdict = judge(findings, aborted=aborted)
    return Run(name, findings, verdict, {"pacs-hardening": "1"}, **more)  # type: ignore[arg-type]


PASSED = Finding(control("transport.one"), Status.PASS, supports=("HIPAA 164.312(e)(1) Transmission security",))
FAILED = failing("association.two", Severity.CRITICAL, case="anonymous")
ERROR = Finding(control("web.three"), Status.ERROR, actual="timed out after 5 s")
NOT_RUN = Finding(control("storage.six"), Status.NOT_RUN, actual="allow it with --allow writes")
NO_ENDPOINT = Finding(control("web.four"), Status.NOT_APPLICABLE, actual="the target has no web")
WAIVED = Finding(
    control("audit.seven"), Status.WAIVED, actual="no log", evidence=("waived until 2030-01-01 by IT: soon",)
)
EVERY = (PASSED, FAILED, ERROR, NOT_RUN, NO_ENDPOINT, WAIVED)


def hostile_run() -> Run:
    """Every field that an archive can fill, in every status, with every one of its tricks."""
    findings = tuple(
        Finding(control(f"web.trick-{number}"), status, text, text, text, (text, "after"), (text,), (text,), (text,))
        for number, text in enumerate(HOSTILE)
        for status in Status
    )
    everything = " ".join(HOSTILE)
    return run(
        *findings,
        name=everything,
        facts={text: text for text in HOSTILE},
        notes={everything: HOSTILE},
        started="2026-11-25T12:00:00Z",
        comparison=Comparison(*([HOSTILE] * 5)),
        history=(Past("2026-11-24T12:00:00Z", "pass", 3, 0, 0),),
    )


def fleet(targets: int, controls: int) -> list[Run]:
    """As large as real ones: every tenth finding open, with evidence."""
    made = []
    for target in range(targets):
        findings = [
            failing(
                f"area-{n % 9}.refuses-thing-number-{n}",
                evidence=tuple(f"-> line {line} " + "x" * 60 for line in range(8)),
            )
            if (n + target) % 10 == 0
            else Finding(control(f"area-{n % 9}.refuses-thing-number-{n}"), Status.PASS)
            for n in range(controls)
        ]
        made.append(run(*findings, name=f"site-{target:02}.pacs.example"))
    return made
