"""Who may import whom (ARCHITECTURE.md), and where words of products and of pytest may stand."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "pacs_hardening"
ALLOWED = {
    "model": set(),
    "wire": {"model"},
    "canary": {"model"},
    "probes": {"model", "wire", "lint"},  # lint is a probe of files; see test_lint_is_used_by_one_probe
    "malform": {"model", "wire"},
    "survival": {"model", "wire", "probes"},
    "search": {"model", "wire", "probes", "survival", "malform"},
    "profiles": {"model"},
    "oracle": {"model", "wire", "probes"},
    "redaction": {"model", "probes", "canary"},
    "launch": {"model"},
    "report": {"model"},
    "lint": {"model", "report"},
    "catalogue": {"model", "launch", "profiles"},
    "gate": {"model", "wire", "probes", "profiles", "launch"},
    "confirm": {"model"},
    "adopt": {"model", "launch", "lint", "adopt_tables"},
    "adopt_tables": {"model", "launch"},
    "plugin": {"model", "adopt", "confirm", "profiles", "launch", "report", "gate"},
    "check": {"model", "wire", "probes", "report"},
    "fleet": {"model", "launch", "report", "catalogue"},
    "versions": {"model", "launch", "report"},
    "replay": {"model", "launch", "probes", "survival", "malform"},
    "cli": {"replay", "versions", "model", "launch", "lint", "report", "catalogue", "check", "plugin", "fleet"},
    "__main__": {"cli"},
    "__init__": set(),
}


def _imports(path: Path) -> set[str]:
    """Absolute dotted names of everything that ``path`` imports."""
    package = path.relative_to(ROOT).with_suffix("").parts[:-1]
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = list(package[: len(package) - node.level + 1]) if node.level else []
            base += node.module.split(".") if node.module else []
            found |= {".".join([*base, alias.name]) for alias in node.names}
    return found


def _layer(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_layers_import_only_what_is_below(path: Path) -> None:
    layer = _layer(path)
    ours = {name.split(".")[1] for name in _imports(path) if name.startswith("pacs_hardening.")}
    assert ours <= ALLOWED[layer] | {layer}, f"{layer} may import {ALLOWED[layer]}"


def test_only_the_plugin_imports_pytest() -> None:
    """``cli`` hands over to pytest inside one function; importing it does not."""
    users = {
        _layer(path)
        for path in PACKAGE.rglob("*.py")
        if any(n.split(".")[0] in ("pytest", "_pytest") for n in _imports(path))
    }
    assert users == {"plugin", "cli"}


def test_importing_the_engine_needs_no_container_engine() -> None:
    """The docker package is imported by ``launch`` only, and there only when containers start."""
    users = {
        path.relative_to(PACKAGE).parts[0]
        for path in PACKAGE.rglob("*.py")
        if any(n.split(".")[0] == "docker" for n in _imports(path))
    }
    assert users == {"launch"}


def test_testinfra_is_imported_only_where_a_host_is_looked_into() -> None:
    """It brings pytest along: ``probes.host.shell`` imports it within a function, and nothing else does."""
    users = {path for path in PACKAGE.rglob("*.py") if any(n.split(".")[0] == "testinfra" for n in _imports(path))}
    assert users == {PACKAGE / "probes" / "host" / "shell.py"}
    outside = [node for path in users for node in ast.parse(path.read_text()).body if isinstance(node, ast.Import)]
    assert not [node for node in outside if node.names[0].name == "testinfra"]


def test_lint_is_used_by_one_probe() -> None:
    """A configuration is judged before anything is started, and again as controls: through one thin probe."""
    users = {path for path in PACKAGE.rglob("*.py") if any(n.startswith("pacs_hardening.lint") for n in _imports(path))}
    users = {path for path in users if _layer(path) != "lint"}
    assert users == {PACKAGE / "probes" / "configuration.py", PACKAGE / "cli.py", PACKAGE / "adopt.py"}


def test_controls_know_no_products() -> None:
    """Options and fixes of products live in ``environments``; a factory AE title is data, not an option."""
    words = re.compile(r"haproxy|dcm4chee-arc|orthanc\.json|dicommodalities|registeredusers|dcmqrscp\.cfg|ldap", re.I)
    for path in [*(ROOT / "tests" / "controls").glob("*.py"), *(PACKAGE / "probes").rglob("*.py")]:
        assert not words.search(path.read_text()), path.name


def test_controls_know_no_laws() -> None:
    """Which requirement a control supports evidence for stands in ``profiles/overlays``; technical sources stay."""
    words = re.compile(r"HIPAA|\bNIST\b|\bIHE\b|\bCIS\b|ATNA")
    for path in (ROOT / "tests" / "controls").glob("*.py"):
        assert not words.search(path.read_text()), path.name


def test_nothing_swallows_exceptions_or_sleeps() -> None:
    """``except Exception`` belongs to the plugin alone, and to the embedded archive, which no peer may end; a
    condition is awaited, not slept for."""
    for path in PACKAGE.rglob("*.py"):
        text = path.read_text()
        if path.name != "plugin.py" and path.parent.name != "embedded":
            assert not re.search(r"except (Base)?Exception\b(?!.*noqa)|except:", text), path.name
        assert "time.sleep(" not in text, path.name
