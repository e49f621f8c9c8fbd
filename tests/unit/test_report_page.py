"""report.html in a real Chromium: asks nobody for anything, runs nothing of a server's, can be used by everybody."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from pacs_hardening.model import (
    Comparison,
    Past,
    Run,
    Status,
)
from pacs_hardening.report import html

from .browsing import ENTER, TAB, Browser, browser
from .reporting import EVERY, HOSTILE, PASSED, fleet, hostile_run, run

FULL = run(
    *EVERY,
    started="2026-11-25T12:00:00Z",
    notes={"Stored on the target": ("1.2.3",)},
    comparison=Comparison(new=("association.two[anonymous]",), fixed=("web.x",)),
    history=(Past("2026-11-24T12:00:00Z", "pass", 3, 0, 0), Past("2026-11-24T13:00:00Z", "fail", 2, 1, 0)),
)


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("profile")) as started:
        yield started


@pytest.fixture
def opened(chromium: Browser, tmp_path: Path) -> Iterator[object]:
    def show(*runs: Run) -> Browser:
        page = tmp_path / "report.html"
        page.write_text(html.render_all(runs), encoding="utf-8")
        chromium.width(1280)
        chromium.complaints(), chromium.requested()  # of the page before
        chromium.open(page)
        return chromium

    return show  # type: ignore[return-value]


def shown(page: Browser) -> int:
    return int(
        page.run("return [...document.querySelectorAll('tr[data-status]')].filter((r) => r.offsetParent).length")
    )


@pytest.mark.parametrize(
    "of", [[FULL], [hostile_run()], fleet(3, 12), [run()]], ids=["full", "hostile", "fleet", "nothing"]
)
def test_nothing_is_asked_for_and_nothing_goes_wrong(opened, of: list[Run]) -> None:  # type: ignore[no-untyped-def]
    page = opened(*of)
    addresses = {address for address in page.requested() if address != "data:,"}
    assert len(addresses) == 1
    assert next(iter(addresses)).startswith("file:")
    assert page.complaints() == []


def test_what_a_server_said_is_text(opened) -> None:  # type: ignore[no-untyped-def]
    page = opened(hostile_run())
    for fold in ("return 0", "document.querySelectorAll('details').forEach((d) => { d.open = true; })"):
        page.run(fold)
        assert page.run("return window.owned === undefined"), "a script of the server's ran"
        assert page.run("return document.getElementById('injected')") is None
        foreign = "img, iframe, object, embed, script[src], [onerror], [onload]"
        assert page.run(f"return document.querySelectorAll('{foreign}').length") == 0
        assert page.run("return document.querySelectorAll('h1').length") == 1
    rows = page.run("return document.querySelectorAll('tr[data-status]').length")
    assert rows == len(HOSTILE), "one row a control, whatever its texts close"
    said = page.run("return document.body.innerText")
    assert "<script>window.owned=1</script>" in said
    assert "\\x1b]0;owned" in said


def test_a_policy_forbids_what_is_not_the_page_s_own(opened) -> None:  # type: ignore[no-untyped-def]
    """The last line of defence is real: markup that escaped all the same would do nothing."""
    page = opened(FULL)
    page.run(
        "const s = document.createElement('script'); s.textContent = 'window.owned = 1'; document.body.append(s);"
        "document.body.insertAdjacentHTML('beforeend', '<img src=\"data:,x\" onerror=\"window.owned = 1\">');"
    )
    assert page.run("return window.owned === undefined")
    assert any("Content Security Policy" in line for line in page.complaints())


def test_filters_by_keyboard(opened) -> None:  # type: ignore[no-untyped-def]
    page = opened(FULL)
    assert shown(page) == len(EVERY)
    page.press(TAB)
    assert page.run("return document.activeElement.className") == "skip"
    for _ in range(40):
        page.press(TAB)
        if page.run("return document.activeElement.dataset.filter") == "PASS":
            break
    page.press(ENTER)
    assert page.run("return document.activeElement.getAttribute('aria-pressed')") == "false"
    assert shown(page) == len(EVERY) - 1
    assert (
        page.run("return document.querySelector('[aria-live]').textContent")
        == f"{len(EVERY) - 1} of {len(EVERY)} shown"
    )
    page.run("document.activeElement.click()")
    page.run(
        "const i = document.querySelector('[name=words]'); i.value = 'PATIENTS'; i.dispatchEvent(new Event('input'))"
    )
    assert shown(page) == 1
    assert page.run("return [...document.querySelectorAll('.area')].filter((a) => !a.hidden).length") == 1


def test_severity_filter_and_folds(opened) -> None:  # type: ignore[no-untyped-def]
    page = opened(FULL)
    page.run("const s = document.querySelector('select'); s.value = '4'; s.dispatchEvent(new Event('change'))")
    assert shown(page) == 1
    page.run("document.querySelector('[name=fold]').click()")
    assert page.run("return [...document.querySelectorAll('td details')].every((d) => d.open)")


@pytest.mark.parametrize("pixels", [320, 390, 768, 1280])
@pytest.mark.parametrize("of", [[FULL], [hostile_run()], fleet(3, 12)], ids=["full", "hostile", "fleet"])
def test_no_width_needs_sideways_scrolling(opened, of: list[Run], pixels: int) -> None:  # type: ignore[no-untyped-def]
    page = opened(*of)
    page.run("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    page.width(pixels)
    assert page.run("return document.documentElement.scrollWidth") <= pixels


def test_a_printed_page_shows_the_evidence_of_what_is_open(opened) -> None:  # type: ignore[no-untyped-def]
    page = opened(FULL)
    page.run("dispatchEvent(new Event('beforeprint'))")
    assert page.run("return document.querySelector('tr[data-status=FAIL] details').open")
    assert not page.run("return document.querySelector('tr[data-status=PASS] details').open")
    page.run("dispatchEvent(new Event('afterprint'))")
    assert not page.run("return document.querySelector('tr[data-status=FAIL] details').open")


def test_whoever_hears_the_page_gets_names_order_and_language(opened) -> None:  # type: ignore[no-untyped-def]
    page = opened(FULL)
    assert page.run("return document.documentElement.lang") == "en"
    levels = page.run("return [...document.querySelectorAll('h1,h2,h3,h4')].map((h) => Number(h.tagName[1]))")
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    nameless = "(e) => !e.textContent.trim() && !e.labels?.length"
    assert page.run(f"return [...document.querySelectorAll('button, select, input')].filter({nameless}).length") == 0
    assert page.run("return [...document.querySelectorAll('th')].every((h) => h.scope === 'col')")
    assert page.run("return [...document.querySelectorAll('svg')].every((s) => s.ariaHidden || s.ariaLabel)")
    identical = page.run(
        "const i = [...document.querySelectorAll('[id]')].map((e) => e.id); return i.length - new Set(i).size"
    )
    assert identical == 0


def test_the_first_words_are_for_the_person_in_charge(opened) -> None:  # type: ignore[no-untyped-def]
    page = opened(FULL)
    assert page.run("return document.querySelector('h1').innerText").split() == [
        "FAIL",
        "This",
        "archive",
        "is",
        "open",
    ]
    assert page.run("return document.querySelector('.why').innerText") == "ANYONE can break association.two."
    sections = page.run("return [...document.querySelectorAll('h2')].map((h) => h.innerText)")
    assert sections[:4] == ["What an outsider could do", "What to change", "Since the baseline", "Over time"]
    assert "Supports evidence for" in sections
    assert "complies" not in page.run("return document.body.textContent.toLowerCase()")


def test_without_script_every_row_is_there() -> None:
    page = html.render(FULL)
    before = page.partition("<script>")[0]
    assert before.count("<tr data-status=") == len(EVERY)
    assert '<form class="filters" hidden>' in before


def test_a_page_of_a_hundred_controls_and_twenty_archives_is_small() -> None:
    runs = fleet(20, 100)
    page = html.render_all(runs)
    assert len(page.encode()) < 2_000_000
    assert page.count("<tr data-status=") == 2000
    assert all(run.target in page for run in runs)


def test_an_archive_alone_is_no_fleet() -> None:
    assert html.render_all([run(PASSED)]) == html.render(run(PASSED))
    assert all(status.value for status in Status)
