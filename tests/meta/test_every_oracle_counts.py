"""Every oracle has a weakness of its own: a weakened archive that fails by it, and that passes without it."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.meta.gating import GateRun, engine_required, run_warm_gate

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "pacs_hardening"
JUDGING = [path for folder in ("oracles", "fuzz", "space") for path in sorted((PACKAGE / folder).glob("*.py"))]
CHOOSES = {"must_be_tls"}  # which endpoints are asked; judges nothing


@dataclass(frozen=True)
class Witness:
    """The weakness of ``environment`` by which ``control`` (with its case) fails, in a gate with these ``options``;
    ``tests`` is what ``-k`` asks for."""

    control: str
    weakness: str
    tests: str
    options: tuple[str, ...] = ()
    environment: str = "embedded"


WITNESSES = {
    "access:must_hold": Witness("transport.refuses-obsolete-tls-http", "obsolete-tls-http", "obsolete_tls"),
    "access:must_refuse": Witness(
        "authorisation.refuses-anonymous-find[STUDY]", "anonymous-find", "anonymous_find and STUDY"
    ),
    "access:must_refuse_association": Witness(
        "association.refuses-unknown-calling-ae", "any-calling-ae", "unknown_calling_ae"
    ),
    "access:must_differ": Witness(
        "authorisation.refuses-anonymous-get", "absent-studies-told", "anonymous_get", ("--allow", "passive")
    ),
    "access:must_not_process": Witness(
        "authorisation.refuses-normalized-services-from-unknown[N-SET]", "normalized-looked-up", "normalized and SET"
    ),
    "ways:must_serve_in_no_way": Witness(
        "authorisation.grants-no-more-in-any-way", "modality-may-read", "grants_no_more"
    ),
    "ways:must_keep_within": Witness(
        "authorisation.refuses-overwrite-of-stored-instance", "overwrite", "overwrite_of_stored"
    ),
    "transport:must_refuse_plaintext": Witness("transport.refuses-plaintext-dimse", "plaintext-dimse", "plaintext"),
    "web:must_refuse_web": Witness("web.refuses-anonymous-stow", "open-stow", "anonymous_stow"),
    "web:must_refuse_alike": Witness(
        "web.refuses-anonymous-wado-rs", "open-wado-rs", "anonymous_wado_rs", ("--allow", "passive")
    ),
    "web:must_not_reach": Witness("web.refuses-dangerous-endpoints", "users-administer", "dangerous_endpoints"),
    "audit:must_record": Witness("audit.records-refused-association", "audit-not-sent", "records_refused_association"),
    "redaction:must_be_redacted": Witness(
        "redaction.removes-private-attributes", "private-tags-kept", "removes_private_attributes", (), "orthanc"
    ),
    "verdict:must_survive": Witness(
        "robustness.survives-malformed-associations[associate]",
        "malformed-requests-accepted",
        "malformed_associations and associate",
    ),
    "held:must_serve_others": Witness(
        "robustness.serves-others-while-peer-is-idle", "one-peer-at-a-time", "while_peer_is_idle"
    ),
    "held:must_limit": Witness(
        "robustness.limits-associations-per-node", "unlimited-associations", "limits_associations_per_node"
    ),
    "verdict:must_stop": Witness("robustness.refuses-oversized-pdu", "unlimited-pdu", "oversized_pdu"),
    "growth:must_not_grow": Witness(
        "robustness.bounds-what-hostile-associations-leave[threads]", "leaks-threads", "associations_leave and threads"
    ),
}


def oracles() -> dict[str, str]:
    """Oracle as in ``WITNESSES`` -> its module."""
    return {
        f"{path.stem}:{node.name}": ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in JUDGING
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("must_") and node.name not in CHOOSES
    }


def test_every_oracle_has_a_weakness_of_its_own() -> None:
    assert WITNESSES.keys() == oracles().keys()


def asked(of: Witness, report: Path, *more: str) -> GateRun:
    options = ("--environment", of.environment, "--weakness", of.weakness, "-k", of.tests)
    report.mkdir()
    return run_warm_gate(report, *options, *of.options, *more)


@pytest.mark.parametrize("oracle", WITNESSES)
def test_a_weakened_archive_fails_by_this_oracle_alone(oracle: str, tmp_path: Path) -> None:
    """Given a weakened archive; when it is judged, it fails; when one function of the oracles does nothing, then the
    control that names the defect fails no more."""
    witness = WITNESSES[oracle]
    engine_required(witness.environment)
    judged = asked(witness, tmp_path / "judged")
    assert judged.statuses.get(witness.control) == "FAIL", judged.output
    name = f"{oracles()[oracle]}:{oracle.partition(':')[2]}"
    blind = asked(witness, tmp_path / "blind", "-p", "tests.meta.neutralise", "--neutralise", name)
    assert witness.control in blind.statuses, blind.output
    assert blind.statuses[witness.control] != "FAIL", blind.output
