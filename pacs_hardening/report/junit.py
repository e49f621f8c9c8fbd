"""junit.xml: a run for CI servers. What was not measured is never shown as a test that passed."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence

from ..model import Finding, Run, Status
from .text import clean, reason

_KIND = {Status.FAIL: "failure", Status.ERROR: "error", Status.PASS: ""}  # all others are skipped


def render(run: Run) -> str:
    return render_all([run])


def render_all(runs: Sequence[Run]) -> str:
    suites = ElementTree.Element("testsuites")
    suites.extend(map(_suite, runs))
    ElementTree.indent(suites)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(suites, encoding="unicode") + "\n"


def _suite(run: Run) -> ElementTree.Element:
    suite = ElementTree.Element("testsuite", name=clean(run.target) or "pacs-hardening")
    for finding in run.findings:
        _case(suite, finding)
    if run.verdict.outcome == "inconclusive":
        case = ElementTree.SubElement(suite, "testcase", classname="verdict", name="is-conclusive", time="0")
        ElementTree.SubElement(case, "error", message=clean(run.verdict.why))
    for name, tag in (("tests", "testcase"), ("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(name, str(sum(1 for _ in suite.iter(tag))))
    suite.set("time", f"{sum(finding.duration_s for finding in run.findings):.3f}")
    return suite


def _case(suite: ElementTree.Element, finding: Finding) -> None:
    case = ElementTree.SubElement(
        suite,
        "testcase",
        classname=finding.control.area,
        name=clean(finding.key),
        time=f"{finding.duration_s:.3f}",
    )
    kind = _KIND.get(finding.status, "skipped")
    if kind == "skipped":
        ElementTree.SubElement(case, kind, message=f"{finding.status}: {reason(finding)}")
    elif kind:
        message = finding.means if finding.status is Status.FAIL else reason(finding)
        problem = ElementTree.SubElement(case, kind, message=clean(message), type=finding.control.severity.name)
        problem.text = _body(finding)


def _body(finding: Finding) -> str:
    lines = [
        ("Requirement", finding.control.title),
        ("Expected", finding.expected),
        ("Actual", finding.actual),
        *(("Evidence", line) for line in finding.evidence),
        *(("What to change", line) for line in finding.fix),
        ("References", ", ".join(finding.control.references)),
        ("Supports evidence for", "; ".join(finding.supports)),
    ]
    return "\n" + "".join(f"{label}: {clean(text)}\n" for label, text in lines if text)
