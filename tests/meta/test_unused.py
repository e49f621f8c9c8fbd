"""What nobody uses is taken away: of code, that nothing in the package, its fixtures and its tests refers to."""

from __future__ import annotations

from pathlib import Path

from vulture import Vulture

ROOT = Path(__file__).parents[2]
READ = ("pacs_hardening", "fixtures", "tests", "ci", "conftest.py")
CALLED_BY_OTHERS = [
    *("pytest_*", "test_*", "extra_keyword_matches", "longrepr", "reportchars", "tbstyle"),  # pytest
    *(
        "handle_one_request",
        "handle_expect_100",
        "log_message",
        "explain",
        "wbufsize",
        "request_queue_size",
    ),  # http.server
    *("handle", "handle_error", "get_request", "allow_reuse_address", "daemon_threads"),  # socketserver
    "handle_starttag",  # html.parser
    *("_create_socket", "_check_user_identity", "tls_args"),  # pynetdicom
    "teardown",  # hypothesis
]
DECORATED = ["@malformation*", "@pytest.*", "@control*", "@given*", "@rule*", "@precondition*"]
VOCABULARIES = ("pacs_hardening/model/response.py",)  # codes of a standard, all of them


def unused(*paths: Path) -> list[str]:
    """An attribute that is set and not read is one of somebody else's object, such as a keyword of a data set."""
    vulture = Vulture(ignore_names=CALLED_BY_OTHERS, ignore_decorators=DECORATED)
    vulture.scavenge([str(path) for path in paths])
    found = [each for each in vulture.get_unused_code() if each.typ != "attribute"]
    return [
        f"{each.filename}:{each.first_lineno}: {each.typ} {each.name}"
        for each in found
        if not (each.typ == "variable" and str(each.filename).endswith(VOCABULARIES))
    ]


def test_nothing_is_unused() -> None:
    assert unused(*(ROOT / name for name in READ)) == []


def test_what_is_unused_is_found(tmp_path: Path) -> None:
    file = tmp_path / "module.py"
    file.write_text("def used(): ...\ndef forgotten(): ...\nclass Left: ...\nused()\nused.SpecificCharacterSet = 1\n")
    assert [line.rpartition(": ")[2] for line in unused(file)] == ["function forgotten", "class Left"]
