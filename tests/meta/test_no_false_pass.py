"""Ways to a false PASS that were found by trying, each closed and kept closed by a real run."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

from tests.meta.gating import GateRun, run_gate
from tests.meta.test_fail_closed import archive, assert_inconclusive

Run = Callable[..., GateRun]


def without(text: str, table: str) -> str:
    """A target file without one of its tables."""
    return re.sub(rf"(?ms)^\[{re.escape(table)}(\.\w+)?\]\n.*?(?=^\[|\Z)", "", text)


def _held_of_dicom(run: GateRun) -> list[str]:
    """What passed, but for what is asked of web and HL7 endpoints alone."""
    held = [key for key, status in run.statuses.items() if status == "PASS"]
    assert held, "what is asked of other endpoints stands"
    others = ("web.", "hl7.", "transport.")
    return [key for key in held if not key.startswith(others) or "dimse" in key or "dicom" in key]


def test_a_further_endpoint_that_serves_nobody_of_ours(gate_run: Run, tmp_path: Path) -> None:
    """Its refusals prove nothing: perhaps it only goes by another AE title. What is asked of the web stands."""
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    with archive(tmp_path / "a") as target, archive(tmp_path / "b", accept_any_calling_ae=True) as other:
        endpoint = re.search(r'"dicoms://[^"]+"', other.read_text())
        assert endpoint is not None
        target.write_text(target.read_text().replace("endpoints = [", f"endpoints = [{endpoint.group()}, ", 1))
        run = gate_run("--target", str(target))
    assert run.status != 0
    assert "positive control failed" in run.output
    assert _held_of_dicom(run) == []


def test_a_target_file_that_names_no_stranger(gate_run: Run, tmp_path: Path) -> None:
    with archive(tmp_path, accept_any_calling_ae=True, client_certificate="required") as target:
        target.write_text(without(target.read_text(), "nodes.unknown"))
        run = gate_run("--target", str(target), "-k", "unknown_calling_ae or anonymous_find")
    assert_inconclusive(run, "names no node 'unknown'")


def test_a_target_file_that_leaves_routes_out(gate_run: Run, tmp_path: Path) -> None:
    with archive(tmp_path, open_endpoints=["wado-rs"]) as target:
        kept = "\n".join(line for line in target.read_text().splitlines() if not line.startswith("wado-rs"))
        target.write_text(kept)
        assert_inconclusive(gate_run("--target", str(target), "-k", "wado_rs"), "does not say where")


def test_a_worklist_that_the_file_does_not_mention(gate_run: Run, tmp_path: Path) -> None:
    with archive(tmp_path, anonymous=["find"]) as target:
        target.write_text(target.read_text().replace('"worklist"', '"nothing"'))
        run = gate_run("--target", str(target), "-k", "anonymous_find")
    assert run.statuses["authorisation.refuses-anonymous-find[WORKLIST]"] == "FAIL"


def test_an_open_archive_is_found_without_an_authorised_node(gate_run: Run, tmp_path: Path) -> None:
    """The positive control makes a pass believable; an endpoint that stands open needs none."""
    with archive(tmp_path, anonymous=["find"]) as target:
        target.write_text(re.sub(r'aet = "ALL-[0-9A-F]+"', 'aet = "ALL-WRONG"', target.read_text()))
        run = gate_run("--target", str(target))
    assert run.status == 1, run.output
    assert run.statuses["authorisation.refuses-anonymous-find[STUDY]"] == "FAIL"
    assert _held_of_dicom(run) == []


def test_a_server_that_hangs_up_soon(gate_run: Run, tmp_path: Path) -> None:
    """It closes idle connections after half a second, which is no refusal of the client's certificate."""
    with archive(tmp_path, client_certificate="optional", request_seconds=0.5) as target:
        run = gate_run("--target", str(target), "-k", "missing_client_certificate")
    assert run.status == 1, run.output


def test_a_module_that_cannot_be_read(gate_run: Run, tmp_path: Path) -> None:
    (tmp_path / "test_broken.py").write_text("import no_such_module")
    good = (
        "from pacs_hardening.model import Impact, Severity, control\n"
        "@control(Severity.LOW, Impact.PASSIVE, exposure='x.', references=('x',))\n"
        "def test_refuses_nothing(target, authorised):\n    '''It MUST. a -> b.'''\n    authorised.echo()\n"
    )
    (tmp_path / "test_good.py").write_text(good)
    files = [str(tmp_path / "test_broken.py"), str(tmp_path / "test_good.py")]
    assert gate_run(*files, "--environment", "embedded").status != 0
    run = gate_run(*files, "--continue-on-collection-errors", "--environment", "embedded")
    assert_inconclusive(run, "could not be collected")


def test_options_that_end_before_the_verdict(gate_run: Run) -> None:
    for option in ("--version", "-V", "--markers", "--fixtures"):
        assert gate_run("--target", "dicom://127.0.0.1:1?called=A&calling=B", option).status not in (0, 1), option


def test_options_for_other_tests_in_the_surroundings(gate_run: Run) -> None:
    run = gate_run(
        *("--environment", "embedded", "--weakness", "anonymous-find", "-k", "anonymous_find"),
        env={"PYTEST_ADDOPTS": "-k metrics"},
    )
    assert run.status == 1, run.output


def test_what_was_deselected_is_said(gate_run: Run) -> None:
    run = gate_run("--environment", "embedded", "-k", "anonymous_metrics")
    assert run.status == 0
    assert re.search(r"What was asked holds; \d+ controls were\s+not asked", run.output), run.output


def test_the_report_of_an_earlier_run(tmp_path: Path) -> None:
    first = run_gate(tmp_path, "--environment", "embedded", "-k", "anonymous_metrics")
    assert json.loads((tmp_path / "findings.json").read_text())["verdict"] == "pass" == first.findings["verdict"]
    assert run_gate(tmp_path, "--target", "/no/such/file.toml").status == 4
    assert [path.name for path in tmp_path.iterdir()] == ["history.jsonl"], "what says no verdict of this run"


def test_a_waiver_holds_beside_a_selection(gate_run: Run, tmp_path: Path) -> None:
    """It names a control that ``-k`` leaves out: that is no misspelling."""
    waivers = tmp_path / "waivers.toml"
    waivers.write_text(
        '[[waiver]]\ncontrol = "web.refuses-anonymous-ui"\nreason = "r"\nowner = "o"\nexpires = 2999-01-01\n'
    )
    assert gate_run("--environment", "embedded", "--waivers", str(waivers), "-k", "metrics").status == 0


def test_a_waiver_for_one_endpoint(gate_run: Run, tmp_path: Path) -> None:
    """Of two plaintext endpoints, the waiver names one."""
    (tmp_path / "a").mkdir()
    with archive(tmp_path / "a", plaintext_dicom=True) as target:
        text = target.read_text()
        endpoints = re.findall(r'"(dicoms?://[^"]+)"', text)
        plain = next(endpoint for endpoint in endpoints if endpoint.startswith("dicom:"))
        more = plain.replace("127.0.0.1", "localhost")
        target.write_text(text.replace(f'"{plain}"', f'"{plain}", "{more}"', 1))
        waivers = tmp_path / "waivers.toml"
        waivers.write_text(
            '[[waiver]]\ncontrol = "transport.refuses-plaintext-dimse"\nreason = "r"\nowner = "o"\n'
            f'expires = 2999-01-01\nevidence = "{plain}"\n'
        )
        run = gate_run("--target", str(target), "--waivers", str(waivers), "-k", "plaintext_dimse")
    assert run.statuses["transport.refuses-plaintext-dimse"] == "FAIL", run.output


def test_what_is_only_passive_disturbs_nothing(gate_run: Run, tmp_path: Path) -> None:
    """Not even where a control that would disturb is given what it needs, which is made before it is asked."""
    with archive(tmp_path) as target:
        run = gate_run("--target", str(target), "-k", "bounds_what_hostile or anonymous_echo")
        assert run.status == 0, run.output
        run = gate_run("--environment", "embedded", "--allow", "passive", "-k", "bounds_what_hostile or anonymous_echo")
    left = [row for row in run.findings["findings"] if "hostile" in row["control"]]
    assert run.status == 0
    assert {row["status"] for row in left} == {"NOT_RUN"}
    assert all("disruptive" in row["actual"] for row in left)


def test_a_plugin_that_says_another_exit_status(gate_run: Run, tmp_path: Path) -> None:
    """Such as the conftest.py that somebody wrote for other tests."""
    (tmp_path / "meddling.py").write_text(
        "import pytest\n"
        "@pytest.hookimpl(trylast=True)\ndef pytest_collection_modifyitems(items): items.clear()\n"
        "@pytest.hookimpl(trylast=True)\ndef pytest_sessionfinish(session): session.exitstatus = 0\n"
    )
    meddling = ("-p", "meddling", "-k", "anonymous_echo")
    run = gate_run("--environment", "embedded", *meddling, env={"PYTHONPATH": str(tmp_path)})
    assert_inconclusive(run)


def test_a_verdict_that_cannot_be_written(gate_run: Run, tmp_path: Path) -> None:
    """Neither a pass nor, as Python would say by itself, a failure of the archive."""
    (tmp_path / "gone.py").write_text(
        "import shutil\nfrom pathlib import Path\n"
        f"def pytest_runtestloop(): shutil.rmtree({str(tmp_path / 'there')!r})\n"
    )
    gone = ("-p", "gone", "-k", "anonymous_echo", "--report", str(tmp_path / "there"))
    run = gate_run("--environment", "embedded", *gone, env={"PYTHONPATH": str(tmp_path)})
    assert run.status == 10, run.output
    assert "could not be written" in run.output


def changed(target: Path, key: str, value: str | None) -> None:
    """The target file with ``key`` of another value, or without it."""
    lines = [line for line in target.read_text().splitlines() if not line.startswith(f"{key} = ")]
    target.write_text("\n".join([*([] if value is None else [f"{key} = {value}"]), *lines]))


MOVES = ("--allow", "writes", "-k", "anonymous_move or unknown_destination or (query_from_store and MOVE)")


def test_a_target_file_that_leaves_the_move_destination_out(gate_run: Run, tmp_path: Path) -> None:
    with archive(tmp_path) as target:
        changed(target, "move_destination", None)
        run = gate_run("--target", str(target), *MOVES)
        assert_inconclusive(run, "does not say where C-MOVE may deliver")
        assert set(run.statuses.values()) == {"ERROR", "NOT_RUN"}
        changed(target, "move_destination", '""')
        run = gate_run("--target", str(target), *MOVES)
        assert set(run.statuses.values()) == {"PASS"}, "an unknown destination is as good to be refused for"


def test_an_archive_that_moves_for_anybody_is_found_without_a_destination(gate_run: Run, tmp_path: Path) -> None:
    with archive(tmp_path, anonymous=["move"]) as target:
        for value in (None, '""'):
            changed(target, "move_destination", value)
            run = gate_run("--target", str(target), *MOVES)
            assert run.statuses["authorisation.refuses-anonymous-move"] == "FAIL", run.output


def test_what_a_target_file_does_not_name_is_not_run(gate_run: Run, tmp_path: Path) -> None:
    """Not: not applicable. Nobody has looked."""
    with archive(tmp_path) as target:
        text = without(re.sub(r', "https://[^"]+"', "", target.read_text()), "research")
        target.write_text(re.sub(r'"user-identity",? ?', "", text))
        run = gate_run(
            "--target", str(target), "-k", "config or runs_as_non_root or anonymous_qido or readers or [web]"
        )
    assert set(run.statuses.values()) == {"NOT_RUN"}, run.output


def test_user_identities_that_the_file_does_not_mention(gate_run: Run, tmp_path: Path) -> None:
    """A node without one is refused, so the archive asks for them; what it would do with a wrong one, nobody knows."""
    with archive(tmp_path) as target:
        text = without(target.read_text(), "nodes.all.identity").replace('"user-identity", ', "")
        target.write_text(text)
        run = gate_run("--target", str(target), "--allow", "active", "-k", "requires_user_identity")
    assert "NOT_APPLICABLE" not in run.statuses.values(), run.output
    assert run.status == 10


def rerouted(target: Path, name: str, path: str | None) -> None:
    """The target file with another path for one of its routes, or without it."""
    line = "" if path is None else f'{name} = "{path}"\n'
    target.write_text(re.sub(rf"(?m)^{name} = .*\n", line, target.read_text()))


def test_an_open_route_that_the_file_says_is_not_there(gate_run: Run, tmp_path: Path) -> None:
    with archive(tmp_path, open_endpoints=["rest", "metrics"]) as target:
        for path in ("", None):
            rerouted(target, "rest", path)
            run = gate_run("--target", str(target), "-k", "anonymous_rest")
            assert run.statuses["web.refuses-anonymous-rest"] == "FAIL", run.output


def test_protected_requests_are_asked_whatever_else_is_missing(gate_run: Run, tmp_path: Path) -> None:
    with archive(tmp_path, open_endpoints=["metrics"]) as target:
        rerouted(target, "rest", None)
        target.write_text(target.read_text() + '[[protected_requests]]\npath = "/metrics?x"\n')
        for table in ("research", "users"):  # the research side names one of the users
            target.write_text(without(target.read_text(), table))
            run = gate_run("--target", str(target), "-k", "anonymous_rest")
            assert run.statuses["web.refuses-anonymous-rest"] == "FAIL", run.output


def test_what_a_user_is_served_is_there_whatever_the_file_says(gate_run: Run, tmp_path: Path) -> None:
    """The other controls are asked of another route."""
    with archive(tmp_path) as target:
        rerouted(target, "rest", "")
        target.write_text(without(target.read_text(), "[protected_requests]"))
        run = gate_run("--target", str(target), "--allow", "active", "-k", "anonymous_rest or tricks or default_cred")
    assert_inconclusive(run, "says that it has no rest route, but\\s+serves a user")
    others = {status for key, status in run.statuses.items() if "anonymous-rest" not in key}
    assert others == {"PASS"}, run.output


def test_a_web_port_beside_a_target_that_names_none(gate_run: Run, tmp_path: Path) -> None:
    """It has no better endpoint to be compared with, and serves patients all the same."""
    with archive(tmp_path, open_endpoints=["rest"]) as target:
        web = re.search(r', "https://127\.0\.0\.1:(\d+)"', target.read_text())
        assert web is not None
        target.write_text(f"ports = [{web.group(1)}]\n" + target.read_text().replace(web.group(), ""))
        run = gate_run("--target", str(target), "--allow", "active", "-k", "every_endpoint_alike")
        assert run.statuses["transport.protects-every-endpoint-alike"] == "FAIL", run.output
        target.write_text(target.read_text().replace("ports = ", "not_mine = "))
        run = gate_run("--target", str(target), "--allow", "active", "-k", "every_endpoint_alike")
        assert run.status == 0, run.output
    (tmp_path / "shut").mkdir()
    with archive(tmp_path / "shut") as target:
        web = re.search(r', "https://127\.0\.0\.1:(\d+)"', target.read_text())
        assert web is not None
        target.write_text(f"ports = [{web.group(1)}]\n" + target.read_text().replace(web.group(), ""))
        assert gate_run("--target", str(target), "--allow", "active", "-k", "every_endpoint_alike").status == 0
