"""The parts by which lint reads other forms: names in ``${…}``, files of variables, YAML, Dockerfiles, versions."""

from __future__ import annotations

import contextlib
import re
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pacs_hardening.cli.main import main
from pacs_hardening.lint import image, versions
from pacs_hardening.lint.forms import dockerfile, dotenv, yaml
from pacs_hardening.lint.forms.container import is_archive, version_of
from pacs_hardening.lint.forms.interpolate import interpolated
from pacs_hardening.lint.node import Placeholder, Text, Unparsable
from pacs_hardening.lint.rules import load

PLUGINS = sorted((Path(image.__file__).parent / "plugins").glob("*/*.toml"))


@pytest.mark.parametrize(
    ("text", "becomes"),
    [
        ("${A}", "1"),
        ("$A", "1"),
        ("${A}x$A", "1x1"),
        ("${E}", ""),
        ("${N}", "${N}"),
        ("$N", "${N}"),
        ("${N:-d}", "d"),
        ("${E:-d}", "d"),
        ("${A:-d}", "1"),
        ("${N-d}", "d"),
        ("${E-d}", ""),
        ("${A-d}", "1"),
        ("${N:-${A}}", "1"),
        ("${N:-${M:-d}}", "d"),
        ('${N:-{"a": 1}}', '{"a": 1}'),
        ("${A:?m}", "1"),
        ("${N:?m}", "${N}"),
        ("${N?m}", "${N}"),
        ("${A:+d}", "d"),
        ("${E:+d}", ""),
        ("${E+d}", "d"),
        ("$$A", "$A"),
        ("$${A}", "${A}"),
        ("a$", "a$"),
        ("${", "${"),
        ("${A", "${A"),
        ("100%", "100%"),
        ("${1}", "${1}"),
    ],
)
def test_names_are_replaced_as_compose_does(text: str, becomes: str) -> None:
    assert interpolated(text, {"A": "1", "E": ""}) == becomes


@given(st.text(alphabet="${}:-?+AE x\n"))
def test_any_text_is_replaced_to_text(text: str) -> None:
    assert interpolated(text, {"A": "1"}).count("\0") == 0


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("A=b", "A", "b"),
        ("A = b ", "A", "b"),
        ("export A=b", "A", "b"),
        ("A: b", "A", "b"),
        ("A=", "A", ""),
        ("A=b # c", "A", "b"),
        ("A=b#c", "A", "b#c"),
        ("A='b # c' # d", "A", "b # c"),
        ('A="b\\nc"', "A", "b\nc"),
        ("A='b\nc'", "A", "b\nc"),
        ("A='$B'", "A", "$B"),
        ('A="${B:-c}"', "A", "c"),
        ("B=1\nA=${B}", "A", "1"),
        ('A={"a": "b"}', "A", '{"a": "b"}'),
        ("\ufeffA=b", "A", "b"),
        ("A=b\r\n", "A", "b"),
        ("A", "A", "${A}"),
    ],
)
def test_files_of_variables(text: str, name: str, value: str) -> None:
    found = {each.name: each for each in dotenv.read(text, "f", {})[0]}
    assert found[name].value == value
    assert isinstance(found[name].value, Placeholder) is (text == "A")


def test_what_is_no_variable_is_none() -> None:
    assert dotenv.read("# A=b\n\n  # c\n=d\n{\n", "f", {})[0] == []


def test_a_comment_behind_a_value_is_noticed() -> None:
    assert dotenv.read("A=b # c\nB='d' # e\nC=f\n", "f", {})[1] == [("A", 1)]


@given(st.text(alphabet="A=' \"\n#$\\{}:"))
def test_any_file_of_variables_is_read(text: str) -> None:
    for each in dotenv.read(text, "f", {})[0]:
        assert 1 <= each.line <= text.count("\n") + 1


def test_where_a_block_begins() -> None:
    (root,) = yaml.documents("a: |\n  one\n  two\nb: text\nc: >\n  x\n", Path("f"))
    assert [root.value[key].value for key in "abc"] == ["one\ntwo\n", "text", "x\n"]
    assert [root.value[key].value.first for key in "abc"] == [2, 0, 0]
    assert [root.value[key].line for key in "abc"] == [1, 4, 5]


@pytest.mark.parametrize(
    "text",
    [
        "a: [",
        "a: *b",
        "a: 1\na: 2",
        "{{ if }}",
        "a: &a [*a]",
        "<<: 1",
        "? [a]\n: 1",
        "a: \x01",
        "- " * 3000 + "x",
        "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 9)),
    ],
)
def test_yaml_that_nobody_means(text: str) -> None:
    with pytest.raises(Unparsable) as caught:
        yaml.documents(text, Path("f"))
    assert caught.value.line >= 1


@given(st.text(alphabet='a:-[]{}&*<|>"!\n #,', max_size=30))
def test_any_yaml_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(Unparsable):
        yaml.documents(text, Path("f"))


def test_the_last_stage_of_a_dockerfile_counts(tmp_path: Path) -> None:
    lines = [
        "FROM python:3 AS made",
        "ENV A=1",
        "FROM orthancteam/orthanc:25.1.1 AS base",
        "ENV B=2",
        "FROM base",
        "ENV C='3 4' D=5",
        "ENV E 6",
        "COPY --from=made /x /etc/orthanc/",
        "COPY a.json b.json /etc/orthanc/",
    ]
    built = dockerfile.read("\n".join(lines), "Dockerfile", tmp_path)
    assert built.image == "orthancteam/orthanc:25.1.1"
    assert {each.name: each.value for each in built.variables} == {"C": "3 4", "D": "5", "E": "6"}
    assert [target for _, target in built.copies] == ["/etc/orthanc/a.json", "/etc/orthanc/b.json"]


@pytest.mark.parametrize(
    ("name", "archive", "version"),
    [
        ("orthancteam/orthanc", True, ""),
        ("orthancteam/orthanc:latest", True, ""),
        ("orthancteam/orthanc:26.8.1", True, "1.13.0"),
        ("orthancteam/orthanc:24.6.1-full", True, "1.12.4"),
        ("osimis/orthanc:22.4.0", True, "1.10.0"),
        ("registry.example:5000/orthancteam/orthanc:25.4.0@sha256:00", True, "1.12.7"),
        ("jodogne/orthanc:1.12.4", True, "1.12.4"),
        ("jodogne/orthanc-plugins", True, ""),
        ("registry.example/x/orthanc", True, ""),
        ("orthancteam/orthanc-auth-service:1", False, ""),
        ("orthancteam/orthanc-nginx", False, ""),
        ("nginx", False, ""),
        ("orthanc-viewer", False, ""),
    ],
)
def test_names_of_images(name: str, archive: bool, version: str) -> None:
    assert is_archive(name, [], []) is archive
    assert version_of(name) == version


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("ORTHANC__DICOM_AET", ["DicomAet"]),
        ("ORTHANC__DICOM_WEB__STUDIES_METADATA", ["DicomWeb", "StudiesMetadata"]),
        ("ORTHANC__POSTGRESQL__ENABLE_SSL", ["PostgreSQL", "EnableSsl"]),
        ("ORTHANC__POSTGRESQL", ["PostgreSQL"]),
        ("ORTHANC__ORTHANC_EXPLORER_2__ENABLE", ["OrthancExplorer2", "Enable"]),
        ("ORTHANC__DICOMWEB__ROOT", ["Dicomweb", "Root"]),
        ("ORTHANC__STORE_MD5_FOR_ATTACHMENTS", ["StoreMD5ForAttachments"]),
        ("AC_ALLOW_REMOTE", ["RemoteAccessAllowed"]),
        ("DW_TLS", ["DicomWeb", "Ssl"]),
        ("ORTHANC_NAME", []),
        ("PATH", []),
    ],
)
def test_names_of_variables(name: str, path: list[str]) -> None:
    assert image.path_of(name) == path


@pytest.mark.parametrize("text", ["1.12.4", "1.12", "1.12.4-rc1"])
def test_a_version_is_numbers(text: str) -> None:
    assert versions.numbers(text)[:2] == (1, 12)
    assert versions.numbers("latest") == ()


def test_since_is_said_of_options_that_there_are() -> None:
    product = load("orthanc")
    ruled = {rule.key for rule in product.rules}
    for option, since in product.since.items():
        assert versions.numbers(since), option
        assert option in ruled or option in product.known[""] or option in product.defaults, option


@pytest.mark.parametrize("file", PLUGINS, ids=lambda file: file.stem)
def test_a_plugin_says_where_and_when_it_was_read(file: Path) -> None:
    table = tomllib.loads(file.read_text())
    assert re.search(r"\d{4}-\d\d-\d\d", table["source"]) or not table["known"]
    assert all(rule["key"].split(".")[0] == table["section"] for rule in table.get("rule", ()))
    assert all(len(set(keys)) == len(keys) for keys in table["known"].values())


def test_text_says_where_it_begins() -> None:
    assert (Text("a", 3).first, Text("a").first, Text("a", quoted=True).quoted) == (3, 0, True)


JUNK = ["", "[]", "{}", "x", "1", "[x]", "{x: y}", "[null]", "{x: null}", "[[1]]", "[{a: 1}]", "'{'", "/x:/etc/orthanc"]
COMPOSE = ("environment", "env_file", "volumes", "secrets", "configs", "build", "extends", "command", "image")
POD = ("env", "envFrom", "volumeMounts", "command", "args", "image", "name")


@pytest.mark.parametrize("junk", JUNK)
@pytest.mark.parametrize("key", COMPOSE)
def test_whatever_a_service_holds_ends_in_an_answer(key: str, junk: str, tmp_path: Path) -> None:
    head = "" if key == "image" else "    image: orthancteam/orthanc\n"
    (tmp_path / "compose.yaml").write_text(f"services:\n  a:\n{head}    {key}: {junk}\n")
    assert main(["lint", str(tmp_path / "compose.yaml")]) in (1, 10)


@pytest.mark.parametrize("junk", JUNK)
@pytest.mark.parametrize("key", POD)
def test_whatever_a_container_holds_ends_in_an_answer(key: str, junk: str, tmp_path: Path) -> None:
    head = "" if key == "image" else "image: orthancteam/orthanc, "
    pod = f"kind: Pod\napiVersion: v1\nspec:\n  containers: [{{{head}{key}: {junk or 'null'}}}]\n"
    (tmp_path / "pod.yaml").write_text(pod)
    assert main(["lint", str(tmp_path / "pod.yaml")]) in (1, 10)
