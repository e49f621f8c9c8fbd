"""The same canaries through other people's tools: which kinds of identifiers each of them leaves; see ci/bench.

The packages are installed into a virtual environment of their own, and never into the suite's.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import pydicom
from pydicom.errors import InvalidDicomError

from pacs_hardening.canary import Canaries, Searcher, objects
from pacs_hardening.canary.studies import RETAINED
from pacs_hardening.launch.docker.engine import connect
from pacs_hardening.launch.docker.images import built
from pacs_hardening.launch.environment import root, say_on_stderr
from pacs_hardening.wire import dimse

PACKAGES = ("dicognito", "deid", "dicom-anonymizer")
EDITIONS = ("2008", "2017c", "2021b", "2023b")  # that Orthanc 1.13 knows
GROUPS = ("direct", "quasi", "date", "uid", "text", "nested", "private")
SCRIPTS = {
    "dicognito": "import sys; from dicognito.__main__ import main; main(['-o', sys.argv[2], sys.argv[1]])",
    "deid": (
        "import sys, glob; from deid.dicom import replace_identifiers\n"
        "replace_identifiers(dicom_files=sorted(glob.glob(sys.argv[1] + '/*')), output_folder=sys.argv[2], save=True,"
        " remove_private=True, force=True)"
    ),
    "dicom-anonymizer": (
        "import sys; from dicomanonymizer import anonymize; anonymize(sys.argv[1], sys.argv[2], {}, True)"
    ),
    "dicom-anonymizer, 2024b": (
        "import sys, glob; from dicomanonymizer.simpledicomanonymizer import initialize_actions_2024b as rules\n"
        "from dicomanonymizer.simpledicomanonymizer import anonymize_dicom_file as one\n"
        "for path in sorted(glob.glob(sys.argv[1] + '/*')):\n"
        "    one(path, sys.argv[2] + '/' + path.rsplit('/', 1)[1], base_rules_gen=rules)"
    ),
}


def main() -> None:
    canaries = objects(4)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        (folder / "in").mkdir()
        for each in canaries.planted:
            if not each.must_be_refused:
                (folder / "in" / f"{each.number}.dcm").write_bytes(dimse.encode_file(each.dataset))
        results = dict(_packages(folder, canaries))
        results |= dict(_orthanc(folder, canaries))
    print("| kind of identifier |", " | ".join(results), "|")
    print("|---|" + "---|" * len(results))
    for row in (*GROUPS, "UIDs that still refer", "pixels and geometry", "objects that came out"):
        print(f"| {row} |", " | ".join(result.get(row, "") for result in results.values()), "|")


def _packages(folder: Path, canaries: Canaries) -> Iterator[tuple[str, dict[str, str]]]:
    subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
    python = folder / "venv" / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", *PACKAGES], check=True)
    listed = json.loads(subprocess.check_output([python, "-m", "pip", "list", "--format", "json"]))
    versions = {each["name"].lower().replace("_", "-"): each["version"] for each in listed}
    for name, script in SCRIPTS.items():
        out = folder / "out" / name
        out.mkdir(parents=True)
        done = subprocess.run([python, "-c", script, folder / "in", out], capture_output=True, text=True)
        if done.returncode:
            print(f"{name}: {(done.stderr.strip().splitlines() or ['?'])[-1]}", file=sys.stderr)
        package, _, how = name.partition(", ")
        title = f"{package} {versions[package]}" + (f" ({how})" if how else "")
        yield title, _judged(canaries, [path.read_bytes() for path in sorted(out.rglob("*")) if path.is_file()])


def _orthanc(folder: Path, canaries: Canaries) -> Iterator[tuple[str, dict[str, str]]]:
    with _started(folder) as ask:
        version = json.loads(ask("/system"))["Version"]
        stored = [json.loads(ask("/instances", path.read_bytes())) for path in sorted((folder / "in").iterdir())]
        study = stored[0]["ParentStudy"]
        for edition in EDITIONS:
            title = f"Orthanc {version} /anonymize ({edition})"
            try:
                made = json.loads(ask(f"/studies/{study}/anonymize", json.dumps({"DicomVersion": edition}).encode()))
            except urllib.error.HTTPError as error:
                print(f"{title}: the study is answered {error.code}; now object by object", file=sys.stderr)
                yield f"{title}, object by object", _judged(canaries, list(_each(ask, stored, edition)))
                continue
            files = json.loads(ask(f"/studies/{made['ID']}/instances"))
            copies = [ask(f"/instances/{each['ID']}/file") for each in files]
            ask(f"/studies/{made['ID']}", method="DELETE")
            yield title, _judged(canaries, copies)


def _each(ask: Callable[..., bytes], stored: list[dict[str, str]], edition: str) -> Iterator[bytes]:
    for each in stored:
        try:
            yield ask(f"/instances/{each['ID']}/anonymize", json.dumps({"DicomVersion": edition}).encode())
        except urllib.error.HTTPError as error:
            print(f"one object is answered {error.code}", file=sys.stderr)


@contextmanager
def _started(folder: Path) -> Iterator[Callable[..., bytes]]:
    """An Orthanc of the suite's own image on loopback, with nothing but its defaults."""
    with connect() as api:
        image = built(api, Path(root() / "orthanc" / "archive" / "Dockerfile"), say_on_stderr)
    (folder / "orthanc.json").write_text('{"RemoteAccessAllowed": true, "AuthenticationEnabled": false}')
    (folder / "orthanc.json").chmod(0o644)
    command = ["docker", "create", "--publish", "127.0.0.1::8042", "--user", "0", "--workdir", "/tmp"]  # noqa: S108
    name = subprocess.check_output([*command, image], text=True).strip()
    try:
        subprocess.run(["docker", "cp", folder / "orthanc.json", f"{name}:/etc/archive/orthanc.json"], check=True)
        subprocess.run(["docker", "start", name], check=True, stdout=subprocess.DEVNULL)
        endpoint = subprocess.check_output(["docker", "port", name, "8042/tcp"], text=True).split()[0]

        def ask(path: str, body: bytes | None = None, method: str | None = None) -> bytes:
            request = urllib.request.Request(f"http://{endpoint}{path}", body, method=method)
            with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
                return bytes(answer.read())

        ends = time.monotonic() + 30
        while True:
            try:
                ask("/system")
                break
            except (urllib.error.URLError, OSError):
                if time.monotonic() > ends:
                    raise
        yield ask
    finally:
        subprocess.run(["docker", "rm", "--force", "--volumes", name], check=True, stdout=subprocess.DEVNULL)


def _judged(canaries: Canaries, files: list[bytes]) -> dict[str, str]:
    """How much of each group leaked, and whether what must stay did."""
    searcher = Searcher()
    wanted = [each for each in canaries.planted if not each.must_be_refused]
    planted = {v for each in wanted for v in searcher.found(dimse.encode_dataset(each.dataset))}
    left = {value for data in files for value in searcher.found(data)} & planted
    row = {}
    for group in GROUPS:
        leaked, total = (
            sum(any(t.kind == group for t in canaries.tokens(value)) for value in values) for values in (left, planted)
        )
        row[group] = f"leaked {leaked} of {total}" if leaked else f"removed {total}"
    copies = {}
    for data in files:
        try:
            copy = pydicom.dcmread(BytesIO(data))
            copies[int(copy.InstanceNumber)] = copy
        except (InvalidDicomError, AttributeError, TypeError, ValueError):
            continue
    whole = [
        e for e in wanted if e.number in copies and all(copies[e.number].get(k) == e.dataset.get(k) for k in RETAINED)
    ]
    same = {str(copy.get("StudyInstanceUID")) for copy in copies.values()}
    source, to = copies.get(2), copies.get(1)
    refers = source is not None and to is not None and _refers(source, str(to.get("SOPInstanceUID", "-")))
    if not copies:
        return dict.fromkeys(row, "nothing came out")
    row["UIDs that still refer"] = "yes" if refers and len(same) == 1 else "broken"
    row["pixels and geometry"] = (
        "kept" if len(whole) == len(copies) and copies else f"broken in {len(copies) - len(whole)}"
    )
    row["objects that came out"] = f"{len(copies)} of {len(wanted)}"
    return row


def _refers(source: pydicom.Dataset, uid: str) -> bool:
    return any(str(i.get("ReferencedSOPInstanceUID")) == uid for i in source.get("ReferencedImageSequence") or ())


if __name__ == "__main__":
    shutil.which("docker") or sys.exit("ci/bench: needs docker for Orthanc's own anonymisation")
    main()
