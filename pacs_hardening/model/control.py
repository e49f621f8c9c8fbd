"""A control: one requirement an archive must meet, and how it is judged."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from functools import wraps
from typing import Any, TypeVar

_MARK = "__pacs_control__"
_F = TypeVar("_F", bound=Callable[..., Any])


class Severity(IntEnum):
    """What a failure means to the hospital, from an observation to open patient data."""

    INFO = 0
    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4


class Impact(IntEnum):
    """What the control does to the target; a target permits everything up to its ceiling.

    PASSIVE: handshakes, C-ECHO, requests whose key matches nothing. ACTIVE: wrong credentials,
    enumeration. WRITES: stores synthetic objects. DISRUPTIVE: malformed, exhausting.
    """

    PASSIVE = 0
    ACTIVE = 1
    WRITES = 2
    DISRUPTIVE = 3


@dataclass(frozen=True)
class Control:
    """One requirement, with what a report says of it.

    ``id`` is ``<area>.<secure-behaviour>``; ``requirement`` is the docstring, fit to be published;
    ``exposure`` is one plain sentence for the person in charge, said when the control fails;
    ``needs`` names the capabilities without which the target has no such endpoint.
    """

    id: str
    requirement: str
    exposure: str
    severity: Severity
    impact: Impact
    needs: frozenset[str] = frozenset()
    references: tuple[str, ...] = ()

    @property
    def area(self) -> str:
        return self.id.partition(".")[0]

    @property
    def title(self) -> str:
        """The first sentence of the requirement."""
        first = " ".join(self.requirement.split("\n\n")[0].split())
        return first.split(". ")[0].rstrip(".")


def control(
    severity: Severity,
    impact: Impact,
    *,
    exposure: str,
    needs: tuple[str, ...] = (),
    references: tuple[str, ...] = (),
) -> Callable[[_F], _F]:
    """Make a test function a control. Its id comes from module and function name, its requirement
    from its docstring, so that neither can drift from what runs.

    Raises TypeError where the function has no docstring, and for ``needs`` or ``references`` that are one string.
    """
    if isinstance(needs, str) or isinstance(references, str):
        raise TypeError("needs and references are tuples of strings")

    def attach(function: _F) -> _F:
        doc = inspect.getdoc(function)
        if not doc:
            raise TypeError(f"{function.__qualname__}: a control states its requirement in a docstring")
        area = function.__module__.rpartition(".")[2].removeprefix("test_")
        name = function.__name__.removeprefix("test_").replace("_", "-")
        marked = Control(
            id=f"{area.replace('_', '-')}.{name}",
            requirement=doc,
            exposure=exposure,
            severity=severity,
            impact=impact,
            needs=frozenset(needs),
            references=references,
        )
        setattr(function, _MARK, marked)
        return function

    return attach


def twins(
    severity: Severity, impact: Impact, *, dimse: str, http: str, references: tuple[str, ...] = ()
) -> Callable[[Callable[..., None]], tuple[Callable[..., None], Callable[..., None]]]:
    """Make one function two controls, ``…-dimse`` and ``…-http``; ``dimse`` and ``http`` are their exposures.

    The function is called with its ``service``, ``dicom`` or ``web``, and stands for both: ``{service}`` in its
    docstring is DICOM or web. The two are to be bound to ``test_…_dimse`` and ``test_…_http``.
    """

    def make(body: Callable[..., None]) -> tuple[Callable[..., None], Callable[..., None]]:
        def one(service: str, called: str, ending: str, exposure: str) -> Callable[..., None]:
            @wraps(body)
            def test(**fixtures: object) -> None:
                body(service=service, **fixtures)

            signature = inspect.signature(body)
            asked = [each for name, each in signature.parameters.items() if name != "service"]
            test.__signature__ = signature.replace(parameters=asked)  # type: ignore[attr-defined]
            test.__name__ = f"test_{body.__name__}_{ending}"
            test.__doc__ = (inspect.getdoc(body) or "").replace("{service}", called)
            return control(severity, impact, exposure=exposure, needs=(service,), references=references)(test)

        return one("dicom", "DICOM", "dimse", dimse), one("web", "web", "http", http)

    return make


def control_of(function: object) -> Control | None:
    """The control that ``function`` carries, or None."""
    found = getattr(function, _MARK, None)
    return found if isinstance(found, Control) else None
