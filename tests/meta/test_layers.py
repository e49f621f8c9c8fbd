"""Who may import whom (ARCHITECTURE.md), and where words of products and of pytest may stand."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "pacs_hardening"
ALLOWED = {  # one row a folder
    "model": set(),
    "wire": {"model"},
    "canary": {"model"},
    "contract": {"model"},
    "profiles": {"model", "contract"},
    "report": {"model"},
    "pki": {"model"},
    "config": {"model"},
    "lint": {"model", "report"},
    "probes": {"model", "wire", "lint"},  # lint is a probe of files; see test_lint_is_used_by_one_probe
    "oracles": {"model", "wire", "probes", "canary"},
    "fuzz": {"model", "wire", "probes"},
    "space": {"model", "wire"},
    "embedded": {"model", "config", "pki"},
    "launch": {"model", "config", "pki", "embedded", "lint"},
    "run": {
        "model",
        "contract",
        "wire",
        "probes",
        "profiles",
        "config",
        "launch",
        "pki",
        "report",
        "canary",
        "oracles",
        "space",
    },
    "cli": {"model", "contract", "wire", "probes", "fuzz", "config", "launch", "lint", "report", "run", "space"},
    "mutants": {"model", "launch", "embedded", "cli"},
    "plugin": {"run", "wire"},
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


def _modules() -> dict[str, set[str]]:
    """Every module of the package, by its dotted name, with those that it imports, also within functions. What a name
    is taken from is a package or a module; importing a module runs the packages that it is in, which is no import."""
    named = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
        for path in PACKAGE.rglob("*.py")
    }
    return {
        name: {each if each in named else each.rpartition(".")[0] for each in _imports(path)} & (named.keys() - {name})
        for name, path in named.items()
    }


def circles(graph: dict[str, set[str]]) -> list[set[str]]:
    """The strongly connected components of more than one module: those that reach each other."""
    reached = {name: _reached(graph, name) for name in graph}
    return [
        circle
        for name in graph
        if name == min(circle := {each for each in reached[name] if name in reached[each]}, default="")
    ]


def _reached(graph: dict[str, set[str]], start: str) -> set[str]:
    seen, waiting = set[str](), [start]
    while waiting:
        new = graph[waiting.pop()] - seen
        seen |= new
        waiting += new
    return seen


def test_no_module_imports_itself_by_way_of_another() -> None:
    """Nor where the import is hidden in a function."""
    assert not circles(_modules())


@pytest.mark.parametrize(
    ("graph", "found"),
    [
        ({"a": {"b"}, "b": {"c"}, "c": set()}, []),
        ({"a": {"b"}, "b": {"c"}, "c": {"b"}}, [{"b", "c"}]),
        ({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"e"}, "e": {"d"}}, [{"a", "b", "c"}, {"d", "e"}]),
    ],
)
def test_circles_are_found(graph: dict[str, set[str]], found: list[set[str]]) -> None:
    assert circles(graph) == found


def test_the_graph_has_imports_within_functions() -> None:
    assert "pacs_hardening.fuzz.shrink" in _modules()["pacs_hardening.fuzz.campaign"]


def test_only_the_plugin_imports_pytest() -> None:
    """``cli`` hands over to pytest inside one function; importing it does not."""
    users = {
        _layer(path)
        for path in PACKAGE.rglob("*.py")
        if any(n.split(".")[0] in ("pytest", "_pytest") for n in _imports(path))
    }
    assert users == {"run", "cli", "plugin"}


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
    assert users == {
        PACKAGE / "probes" / "configuration.py",
        PACKAGE / "cli" / "lint.py",
        PACKAGE / "launch" / "adopt" / "configuration.py",
    }


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
