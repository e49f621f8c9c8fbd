"""What an installation and the image bring may be shipped beside a product: licences, and imports of nothing else."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from importlib.metadata import Distribution, distribution, packages_distributions
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
LISTED: dict[str, dict[str, str]] = tomllib.loads((ROOT / "licences.toml").read_text())
FITTING = {"MIT", "MIT-0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "PSF-2.0", "Apache-2.0", "MPL-2.0"}
# How packages without an SPDX expression name theirs, in the field License or as a classifier.
WORDS = {
    "Apache 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD-3-Clause",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
}


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def brought(name: str, extra: str = "") -> dict[str, Distribution]:
    """What ``name`` brings when it is installed here, by the requirements of the installed packages."""
    found: dict[str, Distribution] = {}
    waiting = [(canonical(name), extra)]
    while waiting:
        name, extra = waiting.pop()
        found[name] = distribution(name)
        for requirement in map(Requirement, found[name].requires or []):
            if requirement.marker is None or requirement.marker.evaluate({"extra": extra}):
                wanted = [(canonical(requirement.name), each) for each in ("", *requirement.extras)]
                waiting += [each for each in wanted if each[0] not in found]
    return found


def licences_of(package: Distribution) -> set[str]:
    """Every way in which the package names its licence, as SPDX where we know the words."""
    said = {package.metadata[key] for key in ("License-Expression", "License") if package.metadata[key]}
    said |= {
        line.rpartition(" :: ")[2]
        for line in package.metadata.get_all("Classifier", [])
        if line.startswith("License :: ") and line != "License :: OSI Approved"
    }
    return {WORDS.get(each, each) for each in said}


def fits(licence: str, exchangeable: str = "") -> bool:
    """An SPDX expression: one of what OR joins is enough, all of what AND joins must fit."""
    if " OR " in licence:
        return any(fits(each, exchangeable) for each in licence.split(" OR "))
    if " AND " in licence:
        return all(fits(each, exchangeable) for each in licence.split(" AND "))
    return licence in FITTING or (licence.startswith("LGPL-") and bool(exchangeable))


def test_the_list_is_what_is_locked_for_an_installation() -> None:
    locked = set(re.findall(r"^([a-z0-9-]+)==", (ROOT / "requirements.lock").read_text(), re.MULTILINE))
    assert set(LISTED) == locked
    assert "-r requirements.lock" in (ROOT / "ci" / "image").read_text()


@pytest.mark.parametrize("name", sorted(brought("pacs-hardening")))
def test_every_package_says_what_is_listed_and_that_fits(name: str) -> None:
    if name == "pacs-hardening":
        assert licences_of(distribution(name)) == {"Apache-2.0"}
        return
    row = LISTED[name]
    assert licences_of(distribution(name)) == {row["licence"]}, f"licences.toml says {row['licence']} of {name}"


@pytest.mark.parametrize("name", sorted(LISTED))
def test_every_licence_fits(name: str) -> None:
    assert set(LISTED[name]) <= {"licence", "why", "exchangeable"}
    assert LISTED[name]["why"]
    assert fits(LISTED[name]["licence"], LISTED[name].get("exchangeable", ""))


@pytest.mark.parametrize(
    ("licence", "exchangeable", "fit"),
    [
        ("AGPL-3.0", "", False),
        ("GPL-2.0-only", "x", False),
        ("MIT AND GPL-3.0-only", "", False),
        ("GPL-2.0-only OR MIT", "", True),
        ("LGPL-3.0-only", "", False),
        ("LGPL-3.0-only", "a pure Python package of its own", True),
    ],
)
def test_what_fits(licence: str, exchangeable: str, fit: bool) -> None:
    assert fits(licence, exchangeable) == fit


def _imported(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.add(str(node.module).partition(".")[0])
    return found


def test_what_is_shipped_imports_only_what_it_declares() -> None:
    """Not what happens to be there, as packages for development are: also not within a function."""
    project: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    declared = {canonical(Requirement(each).name) for each in project["dependencies"]}
    providers = packages_distributions()
    shipped = [p for folder in ("pacs_hardening", "fixtures", "tests/controls") for p in (ROOT / folder).rglob("*.py")]
    wrong = {
        f"{path.relative_to(ROOT)} imports {name}"
        for path in [*shipped, ROOT / "conftest.py"]
        for name in _imported(path) - set(sys.stdlib_module_names) - {"pacs_hardening", "fixtures", "tests", "_pytest"}
        if not declared & {canonical(each) for each in providers.get(name, [])}
    }
    assert not wrong


def test_what_is_for_development_is_not_brought() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    for each in project["dependency-groups"]["dev"]:
        assert canonical(Requirement(each).name) not in {*LISTED, *brought("pacs-hardening")}


def test_the_table_of_dependencies_says_the_same() -> None:
    table = (ROOT / "ARCHITECTURE.md").read_text().partition("## Dependencies")[2]
    rows = dict(re.findall(r"^\| ([a-z][a-z0-9-]+) \| ([^|]+) \|", table, re.MULTILINE))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for name in (canonical(Requirement(each).name) for each in project["dependencies"]):
        assert rows.get(name) == LISTED[name]["licence"], name
