"""A real Orthanc judges what lint reads: whatever it starts with is read, and the values that hold are the same.

Where Orthanc is installed that one is asked; else one from Debian in a container, built as the environment builds it.
"""

from __future__ import annotations

import io
import json
import os
import random
import re
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest

from pacs_hardening.lint.reader import Unparsable, parse
from pacs_hardening.lint.source import text_of
from pacs_hardening.lint.tree import settled
from tests.meta.gating import engine_answers

ARCHIVE = Path(__file__).parents[2] / "environments" / "orthanc" / "archive"
# Each folder holds one configuration; a script of Orthanc's own writes down what it made of it, and ends Orthanc.
ASK = r"""
here=$(mktemp -d) && cd "$here" && tar x
for each in case-*; do
  mkdir c && cp "$each" c/case.json
  cat >c/asked.json <<JSON
{"LuaScripts": ["$here/ask.lua"], "StorageDirectory": "$here/s",
 "HttpServerEnabled": false, "DicomServerEnabled": false}
JSON
  cat >ask.lua <<LUA
local file = io.open('$here/out-$each', 'w')
file:write(DumpJson(GetOrthancConfiguration(), true))
file:close()
os.exit(0)
LUA
  timeout 20 Orthanc c >/dev/null 2>&1
  rm -rf c s
done
touch out-none && tar c out-* && rm -rf "$here"
"""
OURS = ("LuaScripts", "HttpServerEnabled", "DicomServerEnabled", "StorageDirectory")
WRITTEN = [
    b'{"X": 007}', b'{"X": -007}', b'{"X": 00.5}', b'{"X": 1.}', b'{"X": 1e2}', b'{"X": 01e1}', b'{"X": -}',
    b'{"X": -.5}', b'{"X": .5}', b'{"X": +5}', b'{"X": 0x10}', b'{"X": 1.2.3}', b'{"X": 1e}', b'{"X": 12-3}',
    b'{"X": 1_000}', b'{"X": 5abc}', b'{"X": NaN}', b'{"X": True}', b'{"X": 99999999999999999999}',
    b'{"Name": "caf\xe9"} // \xe9', b'{ // \x93\n"X": 1}', b'{"X": 5} /* no end', b'{"X": 5} /', b'{"X": 5} // x',
    b'{"X": 5 /* no end', b'{"X": 5 /* a */ /* b */, "Y" : "n" /**/ }', b'{"X": 5,}', b'{"X": 5,,}', b'{"X": [1,2,]}',
    b'{"X": [,]}', b'{"X": [1 /* a */, 2 // b\n]}', b"{'X': 5}", b'{X: 5}', b'{5: 5}', b'\xef\xbb\xbf{"X": 5}',
    b'{"Name": "a\tb\nc"}', b'{"X": 5, "X": 6}', b'{"X": 5}\n"x": 1', b'{"X": 5}{"X": 6}', b'{"Name": "\\x41"}',
    b'{"Name": "\\u00e9\\n\\/"}', b'{"X": ${NO_SUCH_NAME:-7}}', b'{"X": "${NO_SUCH_NAME:-7}"}',
    b'{"X": null, "Y": 1}', b'{ // c\r\n"X": 5\r\n}', b'{ // c\r"X": 5\r}', b'{"": 1}', b'{"X": 5 "Y": 1}',
    b'{"X": 5; "Y": 1}', b'', b'[]', b'{"X": 5', b'{"Name": "x}', b'# c\n{"X": 5}',
    b'{"X": {"A": true, "B": [{"C": "d"}, [1]]}}', b'{\xc2\xa0"X": 5}', b'{\x0c"X": 5}', b'{"X": 5 // end}',
    b'{,"X":5}',
]  # fmt: skip
PIECES = [
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    '"A"',
    '"b"',
    "1",
    "-",
    "0",
    ".",
    "e",
    "true",
    "null",
    "//",
    "/*",
    "*/",
    "\n",
    " ",
    "é",
]


def texts() -> list[bytes]:
    """Those above, and ones that were written by chance: the same each time."""
    chance = random.Random(14)  # noqa: S311
    made = []
    for _ in range(40):
        pieces = [
            "{",
            '"A"',
            ":",
            "1",
            ",",
            '"B"',
            ":",
            "[",
            "2",
            ",",
            "-3.5",
            "]",
            " ",
            ",",
            '"C"',
            ":",
            "{",
            '"D"',
            ":",
            '"e"',
            "}",
            "}",
            "\n",
        ]
        for _ in range(chance.randint(1, 2)):
            place = chance.randrange(len(pieces))
            pieces[place : place + chance.randint(0, 1)] = [chance.choice(PIECES)]
        made.append("".join(pieces).encode(chance.choice(["utf-8", "latin-1"])))
    return [*WRITTEN, *made]


@pytest.fixture(scope="module", params=["debian:bookworm-slim", "debian:forky-slim"])
def command(request: pytest.FixtureRequest) -> list[str]:
    """Runs a shell beside a real Orthanc."""
    if shutil.which("Orthanc"):
        return ["sh", "-c", ASK]
    if not engine_answers():
        if os.environ.get("PACS_REQUIRE_ENGINE") == "1":
            pytest.fail("NOT RUN: neither an Orthanc nor a container engine, and PACS_REQUIRE_ENGINE=1 asks for one")
        pytest.skip("NOT RUN: neither an Orthanc nor a container engine that could start one")
    image = f"pacs-hardening/oracle:{request.param.replace(':', '-')}"
    build = ["docker", "build", "--quiet", "--tag", image, "--build-arg", f"BASE={request.param}", str(ARCHIVE)]
    subprocess.run(build, check=True, capture_output=True, timeout=900)
    return ["docker", "run", "--rm", "--interactive", "--network", "none", "--entrypoint", "sh", image, "-c", ASK]


def answers(command: list[str], given: list[bytes]) -> dict[int, bytes]:
    """Number of the text -> the configuration that holds with it; one with which Orthanc does not start is absent."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for number, text in enumerate(given):
            entry = tarfile.TarInfo(f"case-{number}")
            entry.size, entry.mode = len(text), 0o644
            archive.addfile(entry, io.BytesIO(text))
    ended = subprocess.run(command, input=packed.getvalue(), capture_output=True, timeout=900, check=True)
    found = {}
    with tarfile.open(fileobj=io.BytesIO(ended.stdout)) as archive:
        for entry in archive:
            if entry.size and (file := archive.extractfile(entry)):
                found[int(entry.name.rpartition("-")[2])] = file.read()
    return found


def comparable(value: Any) -> Any:
    """Lua knows one kind of number and of table, and no null: what it cannot tell apart is taken as equal."""
    if isinstance(value, dict | list):
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        return {str(key): comparable(each) for key, each in pairs if each is not None and each not in ({}, [])}
    if isinstance(value, bool):
        return value
    try:
        return float(value)
    except ValueError:  # what is no ASCII is said by Lua in other bytes
        return re.sub(r"[^\x00-\x7f]+", "?", str(value))


def test_lint_reads_what_orthanc_starts_with(command: list[str], tmp_path: Path) -> None:
    given = texts()
    found = answers(command, given)
    assert len(found) > len(given) // 4
    assert len(found) < len(given)
    wrong = []
    for number, out in found.items():
        (tmp_path / "case.json").write_bytes(given[number])
        (tmp_path / "out.json").write_bytes(out)
        holds = {key: each for key, each in json.loads(text_of(tmp_path / "out.json")).items() if key not in OURS}
        try:
            read = settled(parse(text_of(tmp_path / "case.json")).root.plain())
        except Unparsable as error:
            wrong.append((given[number], f"{error}"))
            continue
        if comparable(read) != comparable(holds):
            wrong.append((given[number], f"{read} and not {holds}"))
    assert not wrong
