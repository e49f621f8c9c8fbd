"""Clients that hospitals use, not ours, through the hardened endpoints: DCMTK's tools with TLS, and curl."""

from __future__ import annotations

import io
import subprocess
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ImplicitVRLittleEndian

from pacs_hardening.launch.docker import images
from pacs_hardening.launch.docker.engine import connect
from pacs_hardening.launch.environment import Environment, root, say_on_stderr
from pacs_hardening.model.running import Running
from pacs_hardening.wire import operations
from tests.meta.gating import engine_required

ARCHIVES = ("orthanc", "dcmtk")
STUDY = "-k QueryRetrieveLevel=STUDY -k StudyInstanceUID={study}"
DICOM = {
    "echoscu": "echoscu -v {tls} {to}",
    "storescu": "storescu -v {tls} {to} object.dcm",
    "findscu": f"findscu -v -S {STUDY} -k PatientID {{tls}} {{to}}",
    "movescu": f"movescu -v -S -aem {{destination}} {STUDY} {{tls}} {{to}}",
    "getscu": f"getscu -v -S -od /tmp/got {STUDY} {{tls}} {{to}} && ls got/*",
}


@dataclass(frozen=True)
class Site:
    """A running archive that holds one study, and a network on which its clients are."""

    running: Running
    image: str
    network: str
    study: str
    files: bytes

    def runs(self, command: str) -> subprocess.CompletedProcess[str]:
        """``command`` in a container of its own, with the node's keys and an object in its folder."""
        docker = ["docker", "run", "--rm", "-i", "--read-only", "--tmpfs", "/tmp:mode=1777", "--cap-drop", "ALL"]  # noqa: S108
        shell = f"tar -xf - -C /tmp && mkdir -p /tmp/got && cd /tmp && {command}"
        done = subprocess.run(
            [*docker, "--network", self.network, "--entrypoint", "sh", self.image, "-c", shell],
            input=self.files,
            capture_output=True,
            timeout=60,
            check=False,
        )
        text = (done.stdout + done.stderr).decode(errors="replace")
        return subprocess.CompletedProcess(done.args, done.returncode, text)


def _archive(running: Running) -> tuple[bytes, str]:
    node, dataset = running.target.nodes["all"], operations.synthetic_object()
    assert node.keys is not None
    assert running.target.ca is not None
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    written = io.BytesIO()
    dataset.save_as(written, enforce_file_format=True)
    files = {"node.pem": node.keys.certificate.read_bytes(), "node.key": node.keys.key.read_bytes()}
    files |= {"ca.pem": running.target.ca.read_bytes(), "object.dcm": written.getvalue()}
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), 0o444
            tar.addfile(entry, io.BytesIO(content))
    return packed.getvalue(), str(dataset.StudyInstanceUID)


@pytest.fixture(scope="module", params=ARCHIVES)
def site(request: pytest.FixtureRequest) -> Iterator[Site]:
    engine_required(request.param)
    with connect() as api, Environment.load(request.param).start() as running:
        image = images.built(api, Path(root() / "shared" / "client" / "Dockerfile"), say_on_stderr)
        guard = api.inspect_container(running.hosts["guard"].removeprefix("docker://"))
        network = next(name for name in guard["NetworkSettings"]["Networks"] if name.endswith("-edge"))
        files, study = _archive(running)
        site = Site(running, image, network, study, files)
        stored = _dicom(site, "storescu")
        assert stored.returncode == 0, stored.stdout
        yield site


def _dicom(site: Site, tool: str, tls: str = "+tls node.key node.pem +cf ca.pem") -> subprocess.CompletedProcess[str]:
    target = site.running.target
    to = f"-aet {target.nodes['all'].aet} -aec {target.called_aet} guard 2762"
    return site.runs(DICOM[tool].format(tls=tls, to=to, destination=target.move_destination, study=site.study))


SAYS: dict[str, Callable[[str, Site], bool]] = {
    "echoscu": lambda said, site: "Received Echo Response (Success)" in said,
    "storescu": lambda said, site: "Received Store Response (Success)" in said,
    "findscu": lambda said, site: site.study in said and "TEST" in said,
    "movescu": lambda said, site: "Received Final Move Response (Success)" in said,
    "getscu": lambda said, site: "got/" in said,
}


@pytest.mark.parametrize("tool", DICOM)
def test_a_node_of_the_site_is_served(site: Site, tool: str) -> None:
    """Given the hardened archive and a node's certificate; when DCMTK's tool asks; then it is served."""
    done = _dicom(site, tool)
    assert done.returncode == 0, done.stdout
    assert SAYS[tool](done.stdout, site), done.stdout


@pytest.mark.parametrize("tool", DICOM)
def test_the_same_tool_without_a_certificate_is_not(site: Site, tool: str) -> None:
    """The same command line but for the keys: what served above were they, not an open endpoint."""
    done = _dicom(site, tool, tls="--anonymous-tls +cf ca.pem")
    assert done.returncode != 0, done.stdout


def test_curl_finds_the_study_with_a_password_only(site: Site) -> None:
    target = site.running.target
    if not target.users:
        pytest.skip(f"NOT RUN: {target.name} has no web endpoint")
    user = target.users["clinician"]
    url = f"https://localhost:8443{target.routes['qido']}?StudyInstanceUID={site.study}"
    curl = f"curl --silent --show-error --fail --cacert ca.pem --connect-to localhost:8443:guard:8443 '{url}'"
    served = site.runs(f"{curl} --user {user.username}:{user.password.reveal()}")
    assert served.returncode == 0, served.stdout
    assert site.study in served.stdout
    refused = site.runs(curl)
    assert refused.returncode == 22, refused.stdout  # curl's word for an answer of 400 or more
    assert "401" in refused.stdout
