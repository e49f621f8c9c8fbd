"""Finds conditions on prose: code that compares, searches or branches on text that was written for a reader.

Prose is whatever an observation holds as ``str`` or ``Said`` (fields and properties of its dataclasses), what a
function below the report returns as such, the text of an exception, and whatever is made of these. Types are read from
annotations, as far as a name, an attribute and a call lead; an attribute that only observations have needs no type.
That a list of texts is empty, or an optional text None, says nothing of their wording.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

_SEARCHES = frozenset(
    (
        *("startswith", "endswith", "find", "rfind", "index", "rindex", "count", "partition", "rpartition", "split"),
        *("rsplit", "removeprefix", "removesuffix", "isdigit", "match", "search", "fullmatch", "findall", "finditer"),
    )
)
_KEEPS = frozenset(("strip", "lstrip", "rstrip", "lower", "upper", "casefold", "replace", "join", "format", "encode"))
_TEXT = frozenset(("str", "Said"))
_SEVERAL = frozenset(("tuple", "list", "set", "frozenset", "Sequence", "Iterable", "Iterator"))


@dataclass(frozen=True)
class Known:
    """What is known of all modules: class -> attribute -> annotation, function -> annotation of what it returns;
    ``prose``: which attributes (``Class.name``) and functions (``name``) of them are text for a reader."""

    classes: Mapping[str, Mapping[str, ast.expr]]
    functions: Mapping[str, ast.expr]
    prose: frozenset[str]

    def only_prose(self, attribute: str) -> bool:
        owners = [name for name, attributes in self.classes.items() if attribute in attributes]
        return bool(owners) and all(f"{name}.{attribute}" in self.prose for name in owners)


def known(observed: Iterable[str], others: Iterable[str], values: frozenset[str]) -> Known:
    """``observed`` are sources whose text is prose but for ``values``; ``others`` help to tell types."""
    classes: dict[str, dict[str, ast.expr]] = {}
    functions: dict[str, ast.expr] = {}
    prose: set[str] = set()
    for number, source in enumerate((*observed, None, *others)):
        if source is None:
            continue
        is_observed = number < len(tuple(observed))
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.ClassDef):
                attributes = dict(_attributes(node))
                classes.setdefault(node.name, {}).update(attributes)
                if is_observed and (_is_dataclass(node) or _is_exception(node)):
                    prose |= {f"{node.name}.{name}" for name, kind in attributes.items() if _is_text(kind)}
            elif isinstance(node, ast.FunctionDef) and node.returns is not None:
                functions.setdefault(node.name, node.returns)
                if is_observed and _is_text(node.returns):
                    prose.add(node.name)
    return Known(classes, functions, frozenset(prose - values))


def _attributes(node: ast.ClassDef) -> Iterator[tuple[str, ast.expr]]:
    for each in node.body:
        if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name):
            yield each.target.id, each.annotation
        elif isinstance(each, ast.FunctionDef) and each.returns is not None:
            yield each.name, each.returns


def _is_dataclass(node: ast.ClassDef) -> bool:
    return any("dataclass" in ast.unparse(each) for each in node.decorator_list)


def _is_exception(node: ast.ClassDef) -> bool:
    return any(ast.unparse(each).endswith(("Error", "Exception", "Ended", "Unmeasurable")) for each in node.bases)


def _is_text(annotation: ast.expr) -> bool:
    """Text, or several of it; a function that gives text is none."""
    words = {each.id for each in ast.walk(annotation) if isinstance(each, ast.Name)}
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        return _is_text(ast.parse(annotation.value, mode="eval").body)
    return bool(words & _TEXT) and not words & {"Callable", "Mapping", "dict", "Iterator", "Enum"}


def _element(annotation: ast.expr) -> ast.expr:
    """Of ``list[Attempt]``, ``Attempt``; of ``tuple[str, int]``, ``tuple[str, int]``: either may be meant."""
    if isinstance(annotation, ast.Subscript) and isinstance(annotation.value, ast.Name):
        inner = annotation.slice
        if isinstance(inner, ast.Tuple) and len(inner.elts) == 2 and isinstance(inner.elts[1], ast.Constant):
            return inner.elts[0]  # tuple[Attempt, ...]
        return annotation if isinstance(inner, ast.Tuple) else inner
    return annotation


@dataclass
class _Function:
    """One function (or module) with the types of its names, and those of them that hold prose."""

    known: Known
    types: dict[str, ast.expr] = field(default_factory=dict)
    tainted: set[str] = field(default_factory=set)
    errors: set[str] = field(default_factory=set)

    def type_of(self, node: ast.expr) -> ast.expr | None:
        if isinstance(node, ast.Name):
            return self.types.get(node.id)
        if isinstance(node, ast.Attribute):
            owner = self.type_of(node.value)
            return next((self.known.classes[name].get(node.attr) for name in self._names(owner)), None)
        if isinstance(node, ast.Call):
            named = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            if named in self.known.classes:
                return ast.Name(named)
            owned = self.type_of(node.func) if isinstance(node.func, ast.Attribute) else None
            return owned or self.known.functions.get(named)
        if isinstance(node, ast.Subscript):
            return self.type_of(node.value)
        return None

    def _names(self, annotation: ast.expr | None) -> list[str]:
        """Classes that an annotation names, the innermost last: of ``list[Attempt]``, the elements are meant."""
        words = [each.id for each in ast.walk(annotation) if isinstance(each, ast.Name)] if annotation else []
        return [each for each in words if each in self.known.classes]

    def is_prose(self, node: ast.expr | None) -> bool:
        if isinstance(node, ast.Name):
            return node.id in self.tainted
        if isinstance(node, ast.FormattedValue) and self._is_error(node.value):
            return True
        if isinstance(node, ast.NamedExpr | ast.Starred | ast.FormattedValue | ast.Subscript):
            return self.is_prose(node.value)
        if isinstance(node, ast.Attribute):
            if self._is_error(node.value) and node.attr in ("args", "said"):
                return True
            owners = self._names(self.type_of(node.value))
            if owners:
                return any(f"{owner}.{node.attr}" in self.known.prose for owner in owners)
            return self.known.only_prose(node.attr)
        if isinstance(node, ast.JoinedStr):
            return any(map(self.is_prose, node.values))
        if isinstance(node, ast.BinOp):
            return self.is_prose(node.left) or self.is_prose(node.right)
        if isinstance(node, ast.Call):
            return self._is_prose_call(node)
        return False

    def _is_prose_call(self, node: ast.Call) -> bool:
        if isinstance(node.func, ast.Name):
            if node.func.id in ("str", "repr") and any(map(self._is_error, node.args)):
                return True
            made_of_it = node.func.id in ("str", "repr", "sorted", "list", "tuple", "set", "next", "iter")
            return node.func.id in self.known.prose or (made_of_it and any(map(self.is_prose, node.args)))
        if isinstance(node.func, ast.Attribute):
            if node.func.attr in _KEEPS:
                return self.is_prose(node.func.value) or any(map(self.is_prose, node.args))
            return self.is_prose(node.func)
        return False

    def _is_error(self, node: ast.expr) -> bool:
        return isinstance(node, ast.Name) and node.id in self.errors

    def is_several(self, node: ast.expr) -> bool:
        """A container, whose truth is whether it is empty."""
        if isinstance(node, ast.NamedExpr):
            return self.is_several(node.value)
        kind = self.type_of(node)
        outer = kind.value if isinstance(kind, ast.Subscript) else kind
        return isinstance(outer, ast.Name) and outer.id in _SEVERAL and not isinstance(node, ast.Subscript)

    def learn(self, target: ast.expr, value: ast.expr, *, each: bool = False) -> None:
        """``target = value``, or ``each`` element of it."""
        if isinstance(target, ast.Tuple | ast.List):
            pairs = value.elts if isinstance(value, ast.Tuple) and len(value.elts) == len(target.elts) else None
            for number, part in enumerate(target.elts):
                self.learn(part, pairs[number] if pairs else value, each=each or pairs is None)
        elif isinstance(target, ast.Name):
            if self.is_prose(value):
                self.tainted.add(target.id)
            if isinstance(value, ast.Name) and value.id in self.errors:
                self.errors.add(target.id)
            kind = self.type_of(value)
            if kind is not None:
                self.types.setdefault(target.id, _element(kind) if each else kind)


def conditions(source: str, about: Known) -> list[tuple[int, str]]:
    """Line and text of each condition on prose in ``source``."""
    tree = ast.parse(source)
    parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    found: dict[int, str] = {}
    scopes = [tree, *(node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.Lambda))]
    for scope in scopes:
        function = _scope(scope, about, parents)
        for node in _own(scope):
            for asked, is_truth in _asked(node):
                if function.is_prose(asked) and not (is_truth and function.is_several(asked)):
                    found[asked.lineno] = ast.unparse(node if hasattr(node, "lineno") else asked)[:160]
    return sorted(found.items())


def _own(scope: ast.AST) -> Iterator[ast.AST]:
    """What is in ``scope`` and in no function within it."""
    waiting = list(ast.iter_child_nodes(scope))
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, ast.FunctionDef | ast.Lambda):
            waiting.extend(ast.iter_child_nodes(node))


def _scope(scope: ast.AST, about: Known, parents: Mapping[ast.AST, ast.AST]) -> _Function:
    function = _Function(about)
    if isinstance(scope, ast.FunctionDef):
        arguments = scope.args
        for each in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
            if each.annotation is not None:
                function.types[each.arg] = each.annotation
        owner = parents.get(scope)
        if isinstance(owner, ast.ClassDef):
            function.types.setdefault("self", ast.Name(owner.name))
    for _ in range(2):  # once more for what is used above where it is assigned
        for node in _own(scope):
            _learn(function, node)
    return function


def _learn(function: _Function, node: ast.AST) -> None:
    if isinstance(node, ast.Assign):
        for target in node.targets:
            function.learn(target, node.value)
    elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        function.types[node.target.id] = node.annotation
        if node.value is not None:
            function.learn(node.target, node.value)
    elif isinstance(node, ast.NamedExpr):
        function.learn(node.target, node.value)
    elif isinstance(node, ast.For | ast.comprehension):
        function.learn(node.target, node.iter, each=True)
    elif isinstance(node, ast.ExceptHandler) and node.name:
        function.types[node.name] = node.type or ast.Name("Exception")
        function.errors.add(node.name)


def _asked(node: ast.AST) -> Iterator[tuple[ast.expr, bool]]:
    """What a construct decides by, and whether by its truth. Identity (``is None``) reads no text."""
    if isinstance(node, ast.Compare):
        if not all(isinstance(each, ast.Is | ast.IsNot) for each in node.ops):
            yield from ((each, False) for each in (node.left, *node.comparators))
    elif isinstance(node, ast.If | ast.IfExp | ast.While | ast.Assert):
        yield from _truth(node.test)
    elif isinstance(node, ast.comprehension):
        for each in node.ifs:
            yield from _truth(each)
    elif isinstance(node, ast.BoolOp):
        yield from (part for each in node.values[:-1] for part in _truth(each))
    elif isinstance(node, ast.Match):
        yield node.subject, False
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _SEARCHES:
        yield from ((each, False) for each in (node.func.value, *node.args))
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get":
        yield from ((each, False) for each in node.args[:1])
    elif isinstance(node, ast.Subscript):
        yield node.slice, False


def _truth(test: ast.expr) -> Iterator[tuple[ast.expr, bool]]:
    """The operands of ``and``, ``or`` and ``not``, whose truth decides."""
    if isinstance(test, ast.BoolOp):
        yield from (part for each in test.values for part in _truth(each))
    elif isinstance(test, ast.UnaryOp):
        yield from _truth(test.operand)
    else:
        yield test, True
