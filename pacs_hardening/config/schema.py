"""The JSON Schema of a declared dataclass, for editors: what a TOML file holds, read as JSON."""

from __future__ import annotations

from typing import Any

from ..model import Target, User
from ..model.declared import (
    Declared,
    Existing,
    Flag,
    Hidden,
    Inline,
    Lists,
    Many,
    Named,
    Number,
    One,
    Pem,
    Ports,
    Strings,
    Text,
    Texts,
    Urls,
    declared,
    flat,
)

Schema = dict[str, Any]

_TEXT: Schema = {"type": "string"}
_PATH: Schema = {"type": "string", "minLength": 1}
_NAME: Schema = {"pattern": "^[a-z][a-z0-9-]{0,31}$"}
_MEANS = ("password_file", "password_env", "token_file", "token_env", "token_url", "certificate")  # see logins.py


def _urls(schemes: tuple[str, ...]) -> Schema:
    pattern = f"^({'|'.join(schemes)})://.+:[0-9]{{1,5}}/?$"
    return {"type": "array", "minItems": 1, "items": {"type": "string", "pattern": pattern}}


def of_target() -> Schema:
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:pacs-hardening:target:1",
        "title": "A target of pacs-hardening: where an archive is, and who may talk to it (TOML, read as JSON)",
        **_table(Target, given=("name",)),
    }


def _table(of: type, given: tuple[str, ...] = ()) -> Schema:
    """``given``: what need not be said, though the dataclass has no default for it."""
    properties, rules = dict[str, Schema](), list[Schema]()
    for each in flat(of):
        if isinstance(each.key.kind, Hidden):
            names = {f"{each.name}_file": _PATH, f"{each.name}_env": _PATH}
            properties |= {name: _said(each, value) for name, value in names.items()}
            ways = [{"required": [name]} for name in names]
            rules.append({"oneOf": ways} if each.required else {"not": {"required": list(names)}})
            continue
        properties[each.name] = _said(each, _value(each))
        if each.key.was:
            properties[each.key.was] = {"$comment": f"old name of {each.name}", "deprecated": True, **_value(each)}
        if each.required and each.name not in given:
            rules.append({"oneOf": [{"required": [name]} for name in (each.name, each.key.was) if name]})
    rules += [_together(each.key.kind.of) for each in declared(of) if isinstance(each.key.kind, Inline)]
    rules += [{"anyOf": [{"required": [name]} for name in _MEANS]}] if of is User else []
    schema = {"type": "object", "additionalProperties": False, "properties": properties}
    return {**schema, "allOf": rules} if rules else schema


def _together(of: type) -> Schema:
    """All of the keys of ``of`` that have no default, or none."""
    names = [each.name for each in declared(of) if each.required]
    return {"dependentRequired": {name: [other for other in names if other != name] for name in names}}


def _said(each: Declared, value: Schema) -> Schema:
    return {"description": each.key.says, **value}


def _text(kind: Text) -> Schema:
    return _TEXT if kind.pattern == ".*" else {"type": "string", "pattern": f"^(?:{kind.pattern})$"}


def _value(each: Declared) -> Schema:  # noqa: C901 - a branch for each case of a closed type
    match each.key.kind:
        case Text() as kind:
            return _text(kind)
        case Number(least, most):
            number = {"type": "integer", "minimum": least}
            return number if most is None else {**number, "maximum": most}
        case Flag():
            return {"type": "boolean"}
        case Texts(item, among):
            return {"type": "array", "items": {"enum": list(among)} if among else _text(item)}
        case Urls(schemes):
            return _urls(schemes)
        case Ports():
            return {"type": "array", "items": {"type": "integer", "minimum": 1, "maximum": 65535}}
        case Pem() | Existing() | Hidden():
            return _PATH
        case Strings(item):
            return {"type": "object", "additionalProperties": _text(item)}
        case Lists():
            return {"type": "object", "additionalProperties": {"type": "array", "items": _TEXT}}
        case One(of) | Inline(of):
            return _table(of)
        case Many(of):
            return {"type": "array", "items": _table(of)}
        case Named(of):
            return {"type": "object", "propertyNames": _NAME, "additionalProperties": _table(of)}
