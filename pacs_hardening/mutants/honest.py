"""Honest archives with manners of their own: as hardened as the embedded one, and none of them may be judged open."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ..launch.environment import discover


@dataclass(frozen=True)
class Manner:
    """``settings`` are lines of ``[settings]``; ``lacks``: what does not stand in environment.toml;
    ``areas``: those whose controls can meet them."""

    title: str
    settings: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    areas: tuple[str, ...] = ("association", "authorisation", "transport", "web", "audit")

    @property
    def selection(self) -> str:
        """For ``-k``."""
        return " or ".join(f"test_{area}" for area in self.areas)


ROBUSTNESS = ("association", "authorisation", "robustness")

MANNERS: Mapping[str, Manner] = {
    "slow": Manner("every answer takes 0.3 s", ("answers_after = 0.3",)),
    "four-associations": Manner(
        "at most 4 associations of a node (RJ 2,3,2)", ("associations_per_node = 4",), areas=ROBUSTNESS
    ),
    "two-associations": Manner(
        "at most 2 associations of a node (RJ 2,3,2)", ("associations_per_node = 2",), areas=ROBUSTNESS
    ),
    "wide-queries-fail": Manner("A700H, and no match, where a query has too many", ("wide_queries_fail = true",)),
    "lockout": Manner("5 wrong passwords lock a user out for a minute", ("guesses = 5",)),
    "lockout-soon": Manner("3 wrong passwords lock a user out for a minute", ("guesses = 3",), areas=("web",)),
    "login-page": Manner("strangers are sent to a page where they can log in (302)", ("login_page = true",)),
    "no-alert": Manner("TLS without a certificate is closed without an alert", ("closes_without_alert = true",)),
    "thirty-a-second": Manner("at most 30 new connections a second", ("connections_per_second = 30",)),
    "late-index": Manner("what was stored is found a second later", ("indexes_after = 1.0",)),
    "very-late-index": Manner(
        "what was stored is found three seconds later", ("indexes_after = 3.0",), areas=("authorisation",)
    ),
    "no-c-get": Manner(
        "nobody may C-GET", (), ('"get", ', '  "1.2.840.10008.5.1.4.1.2.1.3",\n', '  "1.2.840.10008.5.1.4.1.2.2.3",\n')
    ),
}


def environments(folder: Path, manners: Mapping[str, Manner] = MANNERS) -> Path:
    """A folder of environments, one for each manner. Raises ValueError where environment.toml is not as expected."""
    hardened = (discover()["embedded"] / "environment.toml").read_text()
    for name, manner in manners.items():
        text = _edited(hardened, manner)
        (folder / name).mkdir(parents=True)
        (folder / name / "environment.toml").write_text(text)
    return folder


def _edited(text: str, manner: Manner) -> str:
    head, mark, rest = text.partition("[settings]")
    line, _, after = rest.partition("\n")
    if not mark or any(each not in text for each in manner.lacks):
        raise ValueError("environment.toml of the embedded archive is not what its honest variants are made of")
    text = f"{head}[settings]{line}\n" + "".join(f"{each}\n" for each in manner.settings) + after
    for each in manner.lacks:
        text = text.replace(each, "")
    return text


def verdict(status: int) -> str:
    return {0: "PASS", 1: "FAIL", 10: "INCONCLUSIVE"}.get(status, f"exit {status}")


def render(results: Mapping[str, tuple[int, Mapping[str, str]]], said: Callable[[int], str] = verdict) -> str:
    """``results``: exit status, and the statuses of controls that are neither PASS nor not applicable."""
    lines = []
    for name, (status, odd) in results.items():
        lines.append(f"{said(status):<13} {name:<18} {MANNERS[name].title}")
        after = sum(_is_aftermath(each) for each in odd.values())
        lines += [f"{'':<14}{control}: {each[:160]}" for control, each in odd.items() if not _is_aftermath(each)]
        lines += [f"{'':<14}and {after} after that"] if after else []
    wrong = sum(status == 1 for status, _ in results.values())
    return "\n".join([*lines, f"{wrong} of {len(results)} honest archives are judged open"]) + "\n"


def _is_aftermath(said: str) -> bool:
    """Of a control that could not be asked any more, since the archive no longer served after another one."""
    return said.startswith("ERROR: after ")
