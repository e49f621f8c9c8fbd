"""A configuration of one's own, started and judged: an open one fails for the right reason, a hardened one passes."""

from __future__ import annotations

import re
from pathlib import Path

from tests.meta.gating import engine_required, run_gate

SHIPPED = Path(__file__).parents[2] / "environments" / "orthanc" / "config" / "orthanc.json"
FEW = "anonymous_find or anonymous_store or anonymous_rest or store_from_query_node"
PASSWORD = "a-long-password-of-ours-42"
AETS = {"CALLED_AET": "ARCHIVE", "AET_ALL": "WS1", "AET_QUERY": "VIEW1", "AET_STORE": "CT1", "AET_RECEIVER": "RECEIVER"}
OPEN = """{
  "RemoteAccessAllowed": true, "RegisteredUsers": {"alice": "%s"}, "StorageDirectory": "/srv/db",
  "DicomModalities": {"ws": ["WORKSTATION", "10.1.2.4", 11112]},  // and DicomAlwaysAllowStore is true by default
}"""


def test_what_is_open_in_it_is_found(tmp_path: Path) -> None:
    engine_required("orthanc")
    file = tmp_path / "orthanc.json"
    file.write_text(OPEN % PASSWORD)
    run = run_gate(tmp_path / "r", "--environment", "orthanc", "--config", str(file), "-k", FEW)
    assert run.status == 1, run.output
    assert run.statuses["authorisation.refuses-anonymous-store"] == "FAIL"
    assert run.statuses["web.refuses-anonymous-rest"] == "PASS", "its user logs in, and a stranger does not"
    replaced = run.findings["notes"]["Replaced before it was started"]
    assert 'StorageDirectory: "/srv/db" became "/var/lib/archive" (path)' in replaced
    assert PASSWORD not in run.output + str(run.findings)


def test_the_hardened_file_behind_the_guard_passes(tmp_path: Path) -> None:
    engine_required("orthanc")
    folder = tmp_path / "ours"
    folder.mkdir()
    text = re.sub(r"\$\{(\w+)\}", lambda found: AETS[found[1]], SHIPPED.read_text())
    (folder / "orthanc.json").write_text(text)
    (folder / "users.json").write_text('{"RegisteredUsers": {"clinician": "%s"}}' % PASSWORD)  # noqa: UP031
    run = run_gate(tmp_path / "r", "--environment", "orthanc", "--config", str(folder), "--with-guard", "-k", FEW)
    assert run.status == 0, run.output
    assert set(run.statuses.values()) <= {"PASS", "NOT_APPLICABLE"}
