"""What lies at a path, as the Orthancs that are started by it."""

from __future__ import annotations

import re
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from ..model import BadInput
from . import image
from .forms import compose, container, dockerfile, dotenv, kubernetes, values, yaml
from .forms.setup import Fragment, Setup
from .node import NoArchive, Node, Text, Unparsable
from .notices import known_keys
from .rules import Product
from .source import entries, text_of

_YAML = (".yml", ".yaml")
_MAIN = re.compile(r"(docker-|podman-)?compose\.ya?ml")
_OVERRIDE = re.compile(r"(docker-|podman-)?compose\.override\.ya?ml")
_SINGLE = re.compile(r"^[ \t]*(?:export[ \t]+)?ORTHANC_[A-Z0-9_]+[ \t]*[=:]", re.MULTILINE)
_TEMPLATE = re.compile(r"\{\{-?\s*[.$A-Za-z(][^{}\n]*\}\}")
HAND_OVER = "hand over the JSON that Orthanc reads, its variables as *.env, or what `docker compose config` prints"


def setups(path: Path, product: Product, but: Collection[Path] = ()) -> list[Setup]:
    """``but``: files that are of another program. Raises Unparsable and BadInput."""
    if not path.is_dir():
        return _checked(_of_file(path, product))
    files = [file for file in entries(path) if file not in but]
    found = _of_yaml([file for file in files if file.suffix.lower() in _YAML], product, strict=False)
    used = {fragment.file for setup in found for fragment in setup.fragments}
    documents = [file for file in files if file.suffix.lower() == ".json" and str(file) not in used]
    variables = [file for file in files if file.suffix == ".env" or file.name == ".env"]
    if found:
        documents = [file for file in documents if _of_orthanc(text_of(file), product)]
        variables = []
    if documents or variables:
        found += _beside(path, documents, variables)
    elif not found and (path / "Dockerfile").is_file():
        found = _of_file(path / "Dockerfile", product)
    return _checked(found)


def _of_file(file: Path, product: Product) -> list[Setup]:
    text = text_of(file)
    if file.suffix.lower() in _YAML:
        return _of_yaml([file], product, strict=True)
    if file.name.startswith("Dockerfile") or file.suffix.lower() == ".dockerfile":
        setup = Setup("", (str(file), 1))
        built = dockerfile.read(text, str(file), file.parent)
        setup.image, setup.variables = built.image, built.variables
        container.decide(setup)
        for source, target in built.copies:
            container.lay(setup, source, target, container.ROOT, 1)
        container.bring_own(setup, [target for _, target in built.copies], "")
        return [setup]
    if file.suffix.lower() != ".json" and (_SINGLE.search(text) or image.speaks_to(_names(text))):
        return _beside(file.parent, [], [file])
    if file.suffix.lower() == ".json" or text.lstrip("\ufeff \t\r\n")[:1] in ("{", "/"):
        return _beside(file.parent, [file], [])
    raise NoArchive(f"neither a configuration of Orthanc nor of dcmqrscp or dcm4chee: {HAND_OVER}", 1, 1, str(file))


def _names(text: str) -> list[str]:
    return [each.name for each in dotenv.read(text, "", {})[0]]


def _beside(folder: Path, documents: list[Path], variables: list[Path]) -> list[Setup]:
    """Files as they lie in a folder. Whether the image merges them is seen by what starts it there, or by variables."""
    first = (documents or variables)[0]
    setup = Setup("", (str(first), 1))
    setup.fragments = [Fragment(text_of(file), str(file), 1, file.name) for file in documents]
    for file in variables:
        found, commented = dotenv.read(text_of(file), str(file), {})
        setup.variables += found
        setup.notices += [
            ("comment-behind-value", name, str(file), line) for name, line in commented if image.speaks_to([name])
        ]
    setup.image = _started_beside(folder)
    container.decide(setup)
    single = any(each.name.startswith("ORTHANC_") for each in setup.variables)
    if variables and single and not setup.team and not setup.image:
        setup.team, setup.assumed = True, "the orthancteam/orthanc image: variables are meant for it"
    return [setup]


def _started_beside(folder: Path) -> str:
    """The image of an Orthanc that a Compose file or Dockerfile in the same folder starts, or a Compose file above that
    names the folder; "" where none does."""
    here = folder.resolve()
    for place in (here, here.parent):
        with suppress(BadInput):  # what cannot be read there says nothing
            for file in (each for each in entries(place) if _MAIN.fullmatch(each.name) or each.name == "Dockerfile"):
                text = text_of(file)
                if place == here or f"{here.name}/" in text or f"{here.name}:" in text:
                    names = re.findall(r"^\s*(?:image:|FROM)\s*[\"']?([^\s\"'#]+)", text, re.MULTILINE)
                    for name in names:
                        if container.team_of(name) is not None:
                            return str(name)
    return ""


def _of_yaml(files: list[Path], product: Product, *, strict: bool) -> list[Setup]:
    """``strict``: each file was asked for, so that one without an Orthanc is not passed over."""
    read: list[tuple[Path, Node]] = []
    for file in files:
        text = text_of(file)
        try:
            read += [(file, root) for root in yaml.documents(text, file)]
        except Unparsable as error:
            if not strict and "orthanc" not in text.casefold():
                continue  # of another program, whatever is wrong with it
            raise Unparsable(error.what, error.line, error.column, str(file)) from error
    found: list[Setup] = []
    composed = [(file, root) for file, root in read if compose.recognises(root)]
    for stack in stacks(composed):
        found += compose.setups(stack)
    manifests = [(file, root) for file, root in read if kubernetes.recognises(root)]
    found += kubernetes.setups(manifests)
    for file, root in read:
        if not compose.recognises(root) and not kubernetes.recognises(root):
            found += values.setups(root, file, lambda keys: _alike(keys, product))
    if strict and not found:
        raise NoArchive(f"no Orthanc in this file: {HAND_OVER}", 1, 1, str(files[0]))
    return found


def stacks(files: list[tuple[Path, Node]]) -> list[list[tuple[Path, Node]]]:
    """A Compose file with what is laid over it: its override, and others that change the services of the first."""
    main = [each for each in files if _MAIN.fullmatch(each[0].name)][:1]
    over = [each for each in files if _OVERRIDE.fullmatch(each[0].name)][:1] if main else []
    rest = [each for each in files if each not in (*main, *over)]
    names = _services(main[0][1]) if main else set()
    return [
        *([[*main, *over]] if main else []),
        *([*main, each] if names & _services(each[1]) else [each] for each in rest),
    ]


def _services(root: Node) -> set[str]:
    below = root.value.get("services", root).value
    return set(below) if isinstance(below, dict) else set()


def _alike(keys: Collection[str], product: Product) -> bool:
    known = {*known_keys(product, "")}
    return len(known & {*keys}) * 2 > len(keys) or len(known & {*keys}) > 2


def _of_orthanc(text: Text, product: Product) -> bool:
    return _alike(re.findall(r'"([A-Z][A-Za-z0-9]+)"\s*:', text), product)


def _checked(found: list[Setup]) -> list[Setup]:
    """A template is no configuration: what it becomes is not known here."""
    for setup in found:
        texts = [(f.text, f.file, f.line) for f in setup.fragments if not str(f.file).endswith(".json")]
        texts += [(Text(v.value), v.file, v.line) for v in setup.variables if image.speaks_to([v.name])]
        for text, file, line in texts:
            if _TEMPLATE.search(text) and setup.error is None:
                setup.error = Unparsable("a template: hand over what `helm template` prints", line, 1, file)
    return found
