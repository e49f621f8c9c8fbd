"""A ``dcmqrscp.cfg`` of the user's own: who is read from it, what is replaced, and that the rest stays as it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from pacs_hardening.launch.adopt.configuration import Adopted, adopt
from pacs_hardening.launch.definition.prepared import Overrides, Prepared, prepare
from pacs_hardening.launch.environment import Environment
from pacs_hardening.model import BadInput

DCMTK = Environment.load("dcmtk")
OURS = """\
# the ward's
NetworkTCPPort  = 11112
MaxAssociations = 20
HostTable BEGIN
ct1    = (WARD_CT1, ct1.ward.example, 11112)
old    = (WARD_OLD, 10.1.2.3, 104)
group  = ct1, ws
ws     = (WARD_WS, ws.ward.example, 4006)
HostTable END
AETable BEGIN
WARD_OUT   "/srv/dicom ward" R  (200, 1024mb)  (WARD_VIEW, view.ward.example, 11112)
WARD_IN    /srv/dicom/in     RW (200, 1024mb)  group
AETable END
"""


def adopted(folder: Path, text: str = OURS, *, with_guard: bool = False) -> Adopted:
    path = folder / "dcmqrscp.cfg"
    path.write_text(text)
    return adopt(DCMTK, path, {}, with_guard=with_guard)


def prepared(overrides: Overrides) -> Prepared:
    return prepare("dcmtk", DCMTK.folder, DCMTK.raw, None, overrides)


def test_the_nodes_are_those_of_the_ae_title_that_is_open_widest(tmp_path: Path) -> None:
    done = adopted(tmp_path)
    ready = prepared(done.overrides)
    assert (ready.plan.target.called_aet, ready.people.aets["all"]) == ("WARD_IN", "WARD_CT1")
    assert ready.plan.nodes["all"] == {"echo", "find", "get", "move", "store"}
    assert "AE title WARD_OUT: not asked from outside; WARD_IN is" in done.replaced
    assert ready.plan.target.move_destination == "WARD_OLD"


def test_an_ae_title_for_anybody_is_never_passed_over(tmp_path: Path) -> None:
    text = OURS.replace("(WARD_VIEW, view.ward.example, 11112)", "ANY")
    ready = prepared(adopted(tmp_path, text).overrides)
    assert ready.plan.target.called_aet == "WARD_OUT"
    assert ready.people.aets["all"].startswith("GATE-")
    assert "store" not in ready.plan.nodes["all"]


def test_only_paths_and_addresses_are_replaced_and_each_is_a_line(tmp_path: Path) -> None:
    done = adopted(tmp_path)
    admitted = {"WARD_CT1": ("ct1.ward.example", "11112"), "WARD_WS": ("ws.ward.example", "4006")}
    view = {"WARD_VIEW": ("view.ward.example", "11112")}
    assert set(done.replaced) == {
        *(f'{table}: host of {aet}: "{host}" became "gate.invalid" (address)'
          for table, peers in (("HostTable", admitted), ("AETable", view)) for aet, (host, _) in peers.items()),
        *(f'{table}: port of {aet}: "{port}" became "9" (address)'
          for table, peers in (("HostTable", admitted), ("AETable", view)) for aet, (_, port) in peers.items()),
        'HostTable: host of WARD_OLD: "10.1.2.3" became "receiver" (address)',
        'HostTable: port of WARD_OLD: "104" became "11112" (address)',
        'AETable.WARD_OUT.StorageArea: "\\"/srv/dicom ward\\"" became "/var/lib/archive" (path)',
        'AETable.WARD_IN.StorageArea: "/srv/dicom/in" became "/var/lib/archive-2" (path)',
        "AE title WARD_OUT: not asked from outside; WARD_IN is",
        *(line for line in done.replaced if line.startswith(("the command line", "hosts of peers"))),
    }  # fmt: skip
    after = done.overrides.sources["config/dcmqrscp.cfg"]
    assert after.split("\n") == [
        *OURS.split("\n")[:4],
        "ct1    = (WARD_CT1, gate.invalid, 9)",
        "old    = (WARD_OLD, receiver, 11112)",
        "group  = ct1, ws",
        "ws     = (WARD_WS, gate.invalid, 9)",
        "HostTable END",
        "AETable BEGIN",
        "WARD_OUT   /var/lib/archive R  (200, 1024mb)  (WARD_VIEW, gate.invalid, 9)",
        "WARD_IN    /var/lib/archive-2     RW (200, 1024mb)  group",
        "AETable END",
        "",
        "",
    ]


def test_what_only_root_can_do_is_replaced(tmp_path: Path) -> None:
    done = adopted(tmp_path, "UserName = dicom\n" + OURS.replace("= 11112\nMax", "= 104\nMax"))
    after = done.overrides.sources["config/dcmqrscp.cfg"]
    assert "UserName" not in after
    assert "NetworkTCPPort  = 11112" in after
    assert 'NetworkTCPPort: "104" became "11112" (address)' in done.replaced


def test_without_the_guard_the_server_s_own_endpoint_is_judged_and_its_file_read(tmp_path: Path) -> None:
    plan = prepared(adopted(tmp_path, OURS.replace("NetworkTCPPort  = 11112\n", "")).overrides).plan
    archive = plan.services["archive"]
    assert set(plan.services) == {"archive", "receiver"}
    assert [(each.service, each.port, each.tls) for each in archive.publish] == [("dicom", 11112, False)]
    assert [str(file.path) for file in archive.configured()] == ["/etc/archive/dcmqrscp.cfg"]
    assert set(archive.tmpfs) == {"/var/lib/archive", "/var/lib/archive-2"}


def test_with_the_guard_both_servers_have_the_file(tmp_path: Path) -> None:
    done = adopted(tmp_path, with_guard=True)
    plan = prepared(done.overrides).plan
    assert set(plan.services) == set(DCMTK.raw["services"])
    assert not plan.services["archive"].publish
    texts = {done.overrides.sources[f"config/{name}.cfg"] for name in ("dcmqrscp", "dcmqrscp-read")}
    assert sorted(line for text in texts for line in text.split("\n") if "Port" in line) == [
        "NetworkTCPPort  = 11112",
        "NetworkTCPPort  = 11113",
    ]
    assert all("(WARD_CT1, ${HOST_GUARD}, 9)" in text for text in texts)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (OURS.replace("AETable END", ""), r"dcmqrscp.cfg:10:1: AETable BEGIN without"),
        (OURS.replace("WARD_CT1", "${AET}"), "dcmqrscp.cfg:5: a placeholder"),
        ("MaxAssociations = 16\n", "serves no AE title"),
        ('{"DicomAet": "A"}', "is of Orthanc, and the environment 'dcmtk' is not"),
    ],
)
def test_what_cannot_be_started_is_answered_with_its_place(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        prepared(adopted(tmp_path, text).overrides)
