"""LDIF as RFC 2849 has it, with lines, and the directory that several files make of it."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pacs_hardening.lint.arc import ldif
from pacs_hardening.lint.arc.directory import Directory
from pacs_hardening.lint.arc.dn import key_of, path_of
from pacs_hardening.lint.node import Unparsable

EXAMPLE = """\
version: 1

# who
#  is meant, folded
dn: cn=a,
  dc=x
objectClass: top
description:: w6k=
userCertificate;binary:: AA==
jpegPhoto:< file:///a.jpg

dn: cn=a,dc=x
changetype: modify
replace: description
description: one
description: two
-
delete: sn
-

dn: cn=b,dc=x
changetype: moddn
newrdn: cn=c
deleteoldrdn: 1
newsuperior: dc=y
"""


def test_every_value_has_its_line() -> None:
    added, changed, moved = ldif.records(EXAMPLE)
    assert (added.dn, added.line, added.kind) == ("cn=a, dc=x", 5, "add")
    values = [(each.name, each.text, each.line) for each in added.values]
    assert values[:2] == [("objectClass", "top", 7), ("description", "é", 8)]
    assert [each[0] for each in values[2:]] == ["userCertificate", "jpegPhoto"]
    assert [(each.kind, each.name, each.line, len(each.values)) for each in changed.changes] == [
        ("replace", "description", 14, 2),
        ("delete", "sn", 18, 0),
    ]
    assert (moved.kind, [each.text for each in moved.values]) == ("moddn", ["cn=c", "1", "dc=y"])


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("cn: a\n", 1),
        ("dn: cn=a\nno colon\n", 2),
        ("dn: cn=a\ncn:: %%%\n", 2),
        (" dn: cn=a\n", 1),
        ("\n\ndn: cn=a\nchangetype: replace\n", 4),
        ("dn: cn=a\nchangetype: modify\nsn: a\n", 3),
        ("dn: cn=a\nchangetype: modify\nreplace: sn\ncn: a\n", 4),
        ("dn: cn=a\ncn: a\n-\n", 2),
    ],
)
def test_what_is_no_ldif_is_said_with_its_line(text: str, line: int) -> None:
    with pytest.raises(Unparsable) as caught:
        ldif.records(text)
    assert caught.value.line == line


@given(st.text(alphabet="dn:=,- \n#<AcZ0é{}\t\r", max_size=80))
def test_whatever_is_written_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(Unparsable):
        Directory().lay(ldif.records(text), "f")
    ldif.recognises(text)


def test_names_are_found_without_regard_to_case_and_to_what_stands_above_the_device() -> None:
    one = path_of("CN=DICOM,dicomDeviceName=arc,cn=Devices,dc=site")
    other = path_of(r"cn=di\63om, dicomdevicename=ARC,cn=Devices,dc=other,dc=example")
    assert key_of(one) == key_of(other)
    assert path_of(r"cn=a\,b,dc=x") == (("dc", "x"), ("cn", "a,b"))


def laid(text: str) -> Directory:
    directory = Directory()
    directory.lay(ldif.records(text), "f")
    return directory


BASE = "dn: dc=x\ndc: x\n\ndn: cn=a,dc=x\ncn: a\nsn: one\nsn: two\n\n"


@pytest.mark.parametrize(
    ("text", "sn"),
    [
        ("changetype: modify\nadd: sn\nsn: three\n", ["one", "two", "three"]),
        ("changetype: modify\nreplace: sn\nsn: three\n", ["three"]),
        ("changetype: modify\ndelete: sn\nsn: ONE\n", ["two"]),
        ("changetype: modify\ndelete: sn\n", []),
        ("delete: sn\n", []),
        ("changetype: modify\nreplace: sn\n", []),
    ],
)
def test_changes_are_laid_over_what_is_there(text: str, sn: list[str]) -> None:
    directory = laid(f"{BASE}dn: cn=A,dc=x\n{text}")
    assert directory.entries[key_of(path_of("cn=a,dc=x"))].texts("SN") == sn
    assert directory.notices == []


@pytest.mark.parametrize(
    ("text", "notice"),
    [
        ("dn: CN=A,dc=x\ncn: A\n", "collision"),
        ("dn: cn=b,dc=x\nchangetype: modify\nreplace: sn\n", "missing-entry"),
        ("dn: cn=b,dc=x\nchangetype: delete\n", "missing-entry"),
        ("dn: cn=b,dc=x\nchangetype: moddn\nnewrdn: cn=c\n", "missing-entry"),
        ("dn: cn=a,dc=x\nchangetype: modify\ndelete: mail\n", "missing-value"),
        ("dn: cn=a,dc=x\nchangetype: modify\ndelete: sn\nsn: four\n", "missing-value"),
        ("dn: dc=x\nchangetype: delete\n", "not-empty"),
    ],
)
def test_what_ldapadd_refuses_is_noted(text: str, notice: str) -> None:
    name, _, file, line = laid(BASE + text).notices[0]
    assert (name, file) == (notice, "f")
    assert line == (11 if notice == "missing-value" else 9)  # of the part that cannot be done


def test_what_is_moved_takes_along_what_stands_below() -> None:
    directory = laid(
        f"{BASE}dn: cn=b,cn=a,dc=x\ncn: b\n\ndn: cn=a,dc=x\nchangetype: modrdn\nnewrdn: cn=c\ndeleteoldrdn: 1\n"
    )
    assert key_of(path_of("cn=b,cn=c,dc=x")) in directory.entries
    assert key_of(path_of("cn=b,cn=a,dc=x")) not in directory.entries
