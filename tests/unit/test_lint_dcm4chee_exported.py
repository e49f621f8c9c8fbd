"""A device of dcm4chee-arc-light as it is exported: judged, or refused, whatever stands in it."""

from __future__ import annotations

import contextlib
import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pacs_hardening.lint import lint
from pacs_hardening.lint.node import Unparsable
from pacs_hardening.model import Severity
from tests.unit.archived import openings


def exported() -> dict[str, Any]:
    return {
        "dicomDeviceName": "arc",
        "dicomNetworkConnection": [
            {
                "cn": "dicom",
                "dicomPort": 2762,
                "dicomTLSCipherSuite": ["TLS_AES_256_GCM_SHA384"],
                "dcmNetworkConnection": {"dcmIdleTimeout": 8000},
            },
        ],
        "dicomNetworkAE": [
            {
                "dicomAETitle": "WARD",
                "dicomAssociationAcceptor": True,
                "dicomNetworkConnectionReference": ["/dicomNetworkConnection/0"],
                "dcmNetworkAE": {
                    "dcmAcceptedCallingAETitle": ["CT1"],
                    "dcmArchiveNetworkAE": {"dcmAcceptedMoveDestination": ["V"], "dcmQueryMaxNumberOfResults": 100},
                },
            }
        ],
        "dcmDevice": {
            "dcmTrustStoreURL": "file:///ca.p12",
            "dcmLimitOpenAssociations": 50,
            "dcmLimitAssociationsInitiatedBy": ["CT1=4"],
        },
        "dcmArchiveDevice": {
            "dcmShowPatientInfoInSystemLog": "HASH_NAME_AND_ID",
            "dcmShowPatientInfoInAuditLog": "HASH_NAME_AND_ID",
            "dcmArchiveAttributeCoercion2": [{"cn": "one", "dcmURI": "deidentify:"}],
        },
    }


@pytest.mark.parametrize(
    ("path", "value", "key", "severity"),
    [
        (
            "dicomNetworkAE.0.dcmNetworkAE.dcmAcceptedCallingAETitle",
            None,
            "device.arc.ae.WARD.dcmAcceptedCallingAETitle",
            Severity.HIGH,
        ),
        ("dicomNetworkConnection.0.dicomTLSCipherSuite", None, "device.arc.connection.dicom.dicomPort", Severity.HIGH),
        (
            "dicomNetworkConnection.0.dcmNetworkConnection.dcmTLSNeedClientAuth",
            False,
            "device.arc.connection.dicom.dcmTLSNeedClientAuth",
            Severity.HIGH,
        ),
        ("dcmDevice.dcmLimitOpenAssociations", 0, "device.arc.dcmLimitOpenAssociations", Severity.MEDIUM),
        (
            "dicomNetworkAE.0.dicomNetworkConnectionReference",
            ["/dicomNetworkConnection/4"],
            "arc.WARD.dicomNetworkConnectionReference",
            Severity.HIGH,
        ),
        ("dcmArchiveDevice.dcmExportRule", [{"cn": "ONE"}], "arc.ONE", Severity.HIGH),
        ("dcmDevice.dcmLimitOpenAsociations", 5, "device.arc.dcmLimitOpenAsociations", Severity.HIGH),
    ],
)
def test_an_exported_device(path: str, value: Any, key: str, severity: Severity, tmp_path: Path) -> None:
    assert [
        each for each in openings(tmp_path, json.dumps(exported()), "d.json") if each.severity > Severity.INFO
    ] == []
    document: Any = exported()
    below = document
    *names, last = path.split(".")
    for name in names:
        below = below[int(name)] if name.isdigit() else below[name]
    below.pop(last, None)
    if value is not None:
        below[last] = value
    text = json.dumps(document, indent=1)
    found = [each for each in openings(tmp_path, text, "d.json") if (each.key, each.severity) == (key, severity)]
    assert found
    assert 1 < found[0].line <= text.count("\n")


STRANGE = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.sampled_from(["", "x", "/dicomNetworkConnection/7", "TLSv1"]),
    lambda below: (
        st.lists(below, max_size=3)
        | st.dictionaries(st.sampled_from([*exported(), "ae", "cn", "dcmNetworkAE", "clients", "attributes"]), below)
    ),
    max_leaves=8,
)


@settings(deadline=None, max_examples=100)
@given(st.dictionaries(st.sampled_from([*exported(), "realm", "users", "components", "sslRequired"]), STRANGE))
def test_whatever_stands_in_json_is_judged_or_refused(document: dict[str, Any]) -> None:
    with tempfile.TemporaryDirectory() as folder, contextlib.suppress(Unparsable):
        file = Path(folder, "d.json")
        file.write_text(json.dumps({"dicomDeviceName": "arc", "dcmArchiveDevice": {}, **document}))
        lint(file)
        file.write_text(json.dumps({"realm": "r", "users": [], **document}))
        lint(file)
