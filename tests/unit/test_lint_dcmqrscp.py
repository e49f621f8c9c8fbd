"""``dcmqrscp.cfg``: each rule speaks and is silent, with the line; what dcmqrscp would not read is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from pacs_hardening.lint import lint
from pacs_hardening.lint.judge import Opening
from pacs_hardening.lint.rules import load
from pacs_hardening.model import Severity

GOOD = """\
# the archive of the ward
NetworkTCPPort  = 11112
MaxPDUSize      = 16384
MaxAssociations = 16
UserName        = dicom
GroupName       = dicom

HostTable BEGIN
ct1      = (WARD_CT1, ct1.example, 11112)
viewer   = (WARD_VIEW1, view1.example, 11112), (WARD_VIEW2, view2.example, 11112)
viewers  = viewer
HostTable END

VendorTable BEGIN
"Vendor One" = viewer
VendorTable END

AETable BEGIN
WARD_IN   /srv/dicom/ward  W  (200, 1024mb)  ct1
WARD_OUT  /srv/dicom/ward  R  (200, 1024mb)  viewers
AETable END
"""
# what is replaced, by what, the key that must be named, its line, its severity
CASES = [
    ("(200, 1024mb)  viewers", "(200, 1024mb)  ANY", "AETable.WARD_OUT.Peers", 20, Severity.CRITICAL),
    ("(200, 1024mb)  ct1", "(200, 1024mb)  ANY", "AETable.WARD_IN.Peers", 19, Severity.CRITICAL),
    ("ward  W ", "ward  RW ", "AETable.WARD_IN.Access", 19, Severity.LOW),
    ("R  (200, 1024mb)  viewers", "R  viewers", "AETable.WARD_OUT.Quota", 20, Severity.MEDIUM),
    ("R  (200, 1024mb)  viewers", "R  (0, 1024mb)  viewers", "AETable.WARD_OUT.Quota", 20, Severity.MEDIUM),
    ("R  (200, 1024mb)  viewers", "R  (200, 1024)  viewers", "AETable.WARD_OUT.Quota", 20, Severity.MEDIUM),
    ("WARD_OUT  /", "COMMON  /", "AETable.COMMON", 20, Severity.LOW),
    ("MaxAssociations = 16", "MaxAssociations = -1", "MaxAssociations", 4, Severity.HIGH),
    ("MaxAssociations = 16", "MaxAssociations = 500", "MaxAssociations", 4, Severity.MEDIUM),
    ("MaxAssociations = 16", "MaxAssociations = 0", "MaxAssociations", 4, Severity.LOW),
    ("MaxAssociations = 16", "", "MaxAssociations", 1, Severity.INFO),
    ("MaxAssociations = 16", "MaxAssociations = many", "MaxAssociations", 4, Severity.LOW),
    ("= 11112\nMaxPDU", "= 104\nMaxPDU", "", 0, Severity.LOW),
    ("UserName        = dicom", "UserName = root", "UserName", 5, Severity.HIGH),
    ("MaxPDUSize      = 16384", "MaxPDUSize = 999999", "MaxPDUSize", 3, Severity.LOW),
    ("(WARD_CT1,", "(STORESCP,", "HostTable.ct1.1.AET", 9, Severity.MEDIUM),
    ("  ct1\nWARD_OUT", "  (STORESCP, ct1.example, 104)\nWARD_OUT", "AETable.WARD_IN.1.AET", 19, Severity.MEDIUM),
    ("view2.example", "10.1.2.3", "HostTable.viewer.2.Host", 10, Severity.LOW),
    ("ct1.example", "acmehost1", "HostTable.ct1.1.Host", 9, Severity.LOW),
    ("  ct1\nWARD_OUT", "  viewers\nWARD_OUT", "HostTable.ct1", 9, Severity.LOW),
    ("  ct1\nWARD_OUT", "  ct2\nWARD_OUT", "AETable.WARD_IN.ct2", 19, Severity.MEDIUM),
    ("MaxAssociations =", "MaxAsociations =", "MaxAsociations", 4, Severity.MEDIUM),
    ("GroupName       = dicom", "Colour = blue", "Colour", 6, Severity.MEDIUM),
    ("GroupName       = dicom", "MaxAssociations = 5", "MaxAssociations", 6, Severity.MEDIUM),
    ("viewers  = viewer", "viewer = (WARD_VIEW3, view3.example, 11112)", "HostTable.viewer", 11, Severity.MEDIUM),
]  # fmt: skip


def found(folder: Path, text: str) -> set[tuple[str, int, Severity]]:
    (folder / "dcmqrscp.cfg").write_text(text)
    return {(each.key, each.line, each.severity) for each in lint(folder).openings}


WRITES_ONLY = ("AETable.WARD_IN.Access", 19, Severity.MEDIUM)  # which dcmqrscp does not enforce


def test_a_careful_configuration_leaves_what_dcmqrscp_cannot_do(tmp_path: Path) -> None:
    assert found(tmp_path, GOOD) == {("NetworkTCPPort", 2, Severity.INFO), WRITES_ONLY}


def test_behind_a_guard_that_is_a_note(tmp_path: Path) -> None:
    (tmp_path / "dcmqrscp.cfg").write_text(GOOD)
    assert {each.severity for each in lint(tmp_path, behind_guard=True).openings} == {Severity.INFO}


@pytest.mark.parametrize(("before", "after", "key", "line", "severity"), CASES)
def test_each_mistake_is_named(
    before: str, after: str, key: str, line: int, severity: Severity, tmp_path: Path
) -> None:
    assert GOOD.count(before) == 1
    openings = found(tmp_path, GOOD.replace(before, after))
    if key:
        assert (key, line, severity) in openings
    else:  # a privileged port alone: the user is changed afterwards
        assert openings == {("NetworkTCPPort", 2, Severity.INFO), WRITES_ONLY}


def test_a_privileged_port_without_a_user(tmp_path: Path) -> None:
    text = GOOD.replace("= 11112\nMaxPDU", "= 104\nMaxPDU").replace("UserName        = dicom\n", "")
    assert ("UserName", 1, Severity.HIGH) in found(tmp_path, text)


def test_a_port_that_stands_on_the_command_line(tmp_path: Path) -> None:
    text = GOOD.replace("NetworkTCPPort  = 11112\n", "").replace("UserName        = dicom\n", "")
    assert ("UserName", 1, Severity.LOW) in found(tmp_path, text)
    assert all(severity <= Severity.MEDIUM for _, _, severity in found(tmp_path, text))


@pytest.mark.parametrize("access", ["RW", "W"])  # W is not enforced: whoever may store may read
def test_anybody_who_may_store_is_two_openings(access: str, tmp_path: Path) -> None:
    (tmp_path / "dcmqrscp.cfg").write_text(GOOD.replace("W  (200, 1024mb)  ct1", f"{access}  (200, 1024mb)  ANY"))
    openings = [each for each in lint(tmp_path).openings if each.key == "AETable.WARD_IN.Peers"]
    assert {each.severity for each in openings} == {Severity.CRITICAL}
    assert len({each.opens for each in openings}) == 2
    assert {control for each in openings for control in each.controls} >= {
        "authorisation.refuses-anonymous-find",
        "authorisation.refuses-anonymous-store",
    }


def test_anybody_who_only_reads_may_not_store(tmp_path: Path) -> None:
    (tmp_path / "dcmqrscp.cfg").write_text(GOOD.replace("(200, 1024mb)  viewers", "(200, 1024mb)  ANY"))
    openings = [each for each in lint(tmp_path).openings if each.key == "AETable.WARD_OUT.Peers"]
    assert len(openings) == 1
    assert "authorisation.refuses-anonymous-store" not in openings[0].controls


def test_two_rows_for_one_ae_title_both_count(tmp_path: Path) -> None:
    row = "WARD_IN   /srv/dicom/ward  W  (200, 1024mb)  ct1\n"
    openings = found(tmp_path, GOOD.replace(row, row + row.replace(" ct1", " ANY")))
    assert ("AETable.WARD_IN#20.Peers", 20, Severity.CRITICAL) in openings


def test_every_rule_is_shown_to_speak(tmp_path: Path) -> None:
    said = {each.opens for each in lint_text(tmp_path, GOOD)}
    for before, after, *_ in CASES:
        said |= {each.opens for each in lint_text(tmp_path, GOOD.replace(before, after))}
    for alone in ("NetworkTCPPort = 104\n", "MaxAssociations = 16\n"):
        said |= {each.opens for each in lint_text(tmp_path, alone)}
    product = load("dcmqrscp")
    assert {rule.opens for rule in product.rules} <= said
    assert {notice.opens for name, notice in product.notices.items() if name != "undecided"} <= said


def lint_text(folder: Path, text: str) -> tuple[Opening, ...]:
    (folder / "dcmqrscp.cfg").write_text(text)
    return lint(folder).openings
