"""Canaries: valid where they are planted, found again however they are written, and by nobody else's value."""

from __future__ import annotations

import base64
import gzip
import io
import json
import os
import struct
import zipfile
import zlib
from urllib.parse import quote

import pydicom
import pytest
from pydicom.dataset import Dataset

from pacs_hardening.canary import Canaries, Searcher, objects
from pacs_hardening.canary.compressed import MAX_UNPACKED
from pacs_hardening.canary.table import attributes
from pacs_hardening.canary.tokens import LEAP_DAYS, SIGNS
from pacs_hardening.model import Unmeasurable, Violation
from pacs_hardening.oracles.redaction import evidence, must_be_redacted
from pacs_hardening.probes.research.given import Released
from pacs_hardening.report import words
from pacs_hardening.wire import dimse

WORD, NAME = "QZXJABCDE", SIGNS + "一二三四五"


@pytest.fixture(scope="module")
def canaries() -> Canaries:
    return objects(11)


@pytest.fixture(scope="module")
def searcher() -> Searcher:
    return Searcher()


def test_the_table_is_whole() -> None:
    """Of 656 rows, three are of commands, directories and file meta information, and one is of no tag."""
    assert len(attributes()) == 651
    assert {each.group for each in attributes()} == {"direct", "quasi", "text", "date", "uid"}


def test_every_planted_value_is_found_in_the_bytes(canaries: Canaries, searcher: Searcher) -> None:
    for each in canaries.planted:
        found = searcher.found(dimse.encode_dataset(each.dataset))
        assert found <= canaries.manifest.keys(), each.label
        if not each.must_be_refused:
            named = {token.attribute for value in found for token in canaries.tokens(value)}
            assert len(named) > 600, each.label


def test_the_same_seed_makes_the_same_objects(canaries: Canaries) -> None:
    again, other = objects(11), objects(12)
    encoded = [[dimse.encode_dataset(each.dataset) for each in some.planted] for some in (again, canaries)]
    assert encoded[0] == encoded[1]
    assert not (again.manifest.keys() & other.manifest.keys()) - set(LEAP_DAYS)


@pytest.mark.parametrize(
    "written",
    [
        WORD.encode(),
        WORD.lower().encode(),
        WORD.encode("utf-16-le"),
        WORD.encode("utf-16-be"),
        WORD.encode().hex().encode(),
        WORD.encode().hex().upper().encode(),
        "".join(f"%{ord(c):02X}" for c in WORD).encode(),
        *(base64.b64encode(b"x" * before + WORD.encode() + b"rest") for before in range(6)),
        gzip.compress(b"before" + WORD.encode(), mtime=0),
    ],
)
def test_a_word_is_found_in_every_writing(written: bytes, searcher: Searcher) -> None:
    assert searcher.found(os.urandom(50) + written if written[:2] != b"\x1f\x8b" else written) == {WORD}


@pytest.mark.parametrize(
    "written",
    [
        *(NAME.encode(name) for name in ("utf-8", "euc_jp", "shift_jis", "gb18030", "utf-16-le", "iso2022_jp")),
        json.dumps(NAME).encode(),
        quote(NAME).encode(),
    ],
)
def test_a_name_in_ideographs_is_found_in_every_character_set(written: bytes, searcher: Searcher) -> None:
    assert NAME in searcher.found(b"name: " + written + b" end")


def test_names_of_files_in_an_archive_are_searched(searcher: Searcher) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{WORD}/image.dcm", b"born 17040229 at 120000.719312")
    assert searcher.found(packed.getvalue()) == {WORD, "17040229", "120000.719312"}


def test_other_numbers_are_no_dates(searcher: Searcher) -> None:
    assert not searcher.found(b"2.25.17040229 20000229 317040229")


def _released(copies: dict[int, Dataset]) -> Released:
    return Released((), (), copies)


def test_shifts_are_told_from_dummies(canaries: Canaries) -> None:
    first = canaries.planted[0]
    shifted, apart, dummy = Dataset(), Dataset(), Dataset()
    for tag, day in ((0x00080020, "10"), (0x00080021, "11")):
        year = str(first.dataset[tag].value)[:4]
        shifted.add_new(tag, "DA", f"{year}0210")
        apart.add_new(tag, "DA", f"{year}02{day}")
        dummy.add_new(tag, "DA", "19000101")
    for copy, count in ((shifted, 1), (apart, 2), (dummy, 0)):
        assert len(evidence(canaries, _released({1: copy})).days_moved()) == count


def test_a_broken_reference_is_seen(canaries: Canaries) -> None:
    whole = {each.number: each.dataset for each in canaries.planted[:2]}
    assert evidence(canaries, _released(whole)).broken_references() == []
    torn = Dataset()
    torn.SOPInstanceUID = "2.25.1"
    assert (
        "object 2 refers to object 1 no more" in evidence(canaries, _released({**whole, 1: torn})).broken_references()
    )


def test_a_leak_names_attribute_endpoint_and_action_but_nothing_else(canaries: Canaries) -> None:
    value = next(v for v, tokens in canaries.manifest.items() if tokens[0].attribute == "(0010,1000) Other Patient IDs")
    with pytest.raises(Violation) as caught:
        must_be_redacted({"C-GET": canaries.tokens(value)})
    assert "(0010,1000) Other Patient IDs" in words.text(caught.value.actual)
    assert any(
        "C-GET" in line and "action X" in line and value in line for line in map(words.text, caught.value.evidence)
    )
    must_be_redacted({"C-GET": canaries.tokens(value)}, "date")


@pytest.mark.parametrize(
    "written",
    [
        b"HTTP/1.1 headers\n\n" + gzip.compress(WORD.encode(), mtime=0),
        b"head" + zlib.compress(WORD.encode(), 1) + b"tail",
        struct.pack("<Q", len(WORD)) + zlib.compress(WORD.encode()),  # as Orthanc keeps what it compresses
        gzip.compress(gzip.compress(WORD.encode(), mtime=0), mtime=0),
        base64.encodebytes(bytes(48) + b"x" * 7 + WORD.encode() + bytes(48)),  # a line ends within the word
        base64.encodebytes(bytes(48) + b"x" * 7 + WORD.encode() + bytes(48)).replace(b"\n", b"\r\n"),
        base64.urlsafe_b64encode(b"\xff\xff" + WORD.encode() + b"\xff"),
        rb"\u0051\u005a\u0058\u004aABCDE",
        rb"Q\u005AXJ\u0041BCDE",
        rb"\x51ZXJABCDE",
        b"&#81;&#90;&#x58;&#x04A;ABCDE",
        b"Q%5a%58JABCDE",
        WORD.title().encode(),
    ],
)
def test_a_word_is_found_however_it_is_split_packed_or_escaped(written: bytes, searcher: Searcher) -> None:
    assert searcher.found(written) == {WORD}


@pytest.mark.parametrize("value", ["2.25.427654500000001100000012", "120000.719312", "12345676015625", "17040229"])
def test_no_kind_of_value_hides_in_an_encoding(value: str, searcher: Searcher) -> None:
    value = value.replace("6015625", ".6015625") if value.endswith("6015625") else value
    raw = f" {value} ".encode()
    written = [raw.hex().encode(), raw.hex().upper().encode(), value.encode("utf-16-le"), value.encode("utf-16-be")]
    written += [base64.b64encode(b"x" * before + raw) for before in range(3)]
    for each in written:
        assert value in searcher.found(b"before " + each + b" after"), each
    assert value in searcher.found(base64.b64encode(value.encode()))


def test_a_zip_archive_is_searched_where_it_begins_later_and_where_it_is_cut_short(searcher: Searcher) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("image.dcm", WORD.encode() + b"x" * 4000)
    answer = b"200\ncontent-type: application/zip\n\n" + packed.getvalue()
    assert searcher.found(answer) == searcher.found(answer[:-60]) == {WORD}


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_zip_archive_that_cannot_be_read_is_no_evidence(searcher: Searcher, method: int) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as archive:
        archive.writestr("image.dcm", WORD.encode() + b"x" * 4000)
    with pytest.raises(Unmeasurable, match="cannot be read"):
        searcher.found(packed.getvalue())


def test_a_deflated_data_set_is_searched(canaries: Canaries, searcher: Searcher) -> None:
    whole = dimse.encode_file(canaries.planted[0].dataset)
    dataset = pydicom.dcmread(io.BytesIO(whole))
    dataset.file_meta.TransferSyntaxUID = pydicom.uid.DeflatedExplicitVRLittleEndian
    deflated = io.BytesIO()
    dataset.save_as(deflated, enforce_file_format=True)
    assert len(searcher.found(whole)) > 600
    assert searcher.found(whole) == searcher.found(b"--boundary\r\n\r\n" + deflated.getvalue())


def test_what_unpacks_without_end_is_no_answer(searcher: Searcher) -> None:
    with pytest.raises(Unmeasurable):
        searcher.found(gzip.compress(bytes(MAX_UNPACKED + 1), 1))
