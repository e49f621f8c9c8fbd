"""Probe: what a server does while hostile peers talk to it, and whether it still serves the others meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

from ..model import Door, Node, Target, Unmeasurable
from ..model.usage import Usage
from ..wire import operations, pdu, scu, tls
from ..wire.conversation import Answer, Case, Crowded, Player, Unreachable
from .association import Attempt, Outcome, first_door
from .authorised import Authorised

ROUND = 24  # cases between two looks at the others: few enough to find the culprit among
PROMPT_S = 4.0  # nobody waits longer than this for an answer because of somebody else
DEADLINE_S = 12.0  # for a refusal: ARTIM as servers set it (PS3.8 9.1.5), and a margin


@dataclass(frozen=True)
class Pulse:
    """Whether an authorised C-ECHO and C-FIND succeeded at the same time, and how long they took."""

    served: bool
    how: str
    seconds: float


@dataclass(frozen=True)
class Round:
    """What a few conversations brought. ``during``: while some were still open; ``after``: when all had ended."""

    answers: tuple[tuple[Case, Answer], ...]
    during: Pulse
    after: Pulse
    fingerprint: str

    @property
    def cases(self) -> list[Case]:
        return list(dict.fromkeys(case for case, _ in self.answers))  # one of several peers has several answers


@dataclass(frozen=True)
class Scene:
    """Where hostile conversations happen: as a node that the target knows, at one of its doors, while ``others`` are
    served beside them. ``fingerprint`` names the server's processes."""

    target: Target
    door: Door
    node: Node
    authorised: Authorised
    fingerprint: Callable[[], str]
    deadline: float = DEADLINE_S
    prompt: float = PROMPT_S

    @classmethod
    def at(cls, authorised: Authorised, fingerprint: Callable[[], str], service: str = "dicom") -> Scene:
        target = authorised.target
        return cls(target, first_door(target, service), authorised.node("all"), authorised, fingerprint)

    def player(self, patience: float = 0.05, deadline: float = 0.0) -> Player:
        context = tls.client(self.node.keys, self.target) if self.door.tls else None
        name = self.target.server_name
        return Player(
            self.door,
            context,
            slots(self.target, self.node),
            name=name,
            deadline=deadline or self.deadline,
            patience=patience,
        )

    def pulse(self, seconds: float | None = None) -> Pulse:
        """An authorised peer, now. Counts as a positive control where it succeeds."""
        began, seconds = time.monotonic(), seconds or self.prompt
        try:
            attempt = self._others(seconds)
        except Unmeasurable as error:
            return Pulse(False, str(error), time.monotonic() - began)
        return Pulse(attempt.outcome is Outcome.SERVED, attempt.said, time.monotonic() - began)

    def _others(self, seconds: float) -> Attempt:
        attempt = self.authorised.asks(operations.echo(), operations.find("STUDY"), seconds=seconds)
        if attempt.outcome is Outcome.SERVED and self.door.service == "web" and self.target.users:
            self.authorised.page(self.door)
        return attempt

    def rounds(self, cases: Iterable[Case], size: int = ROUND) -> Iterator[Round]:
        """Play ``cases``; after each few of them look at the others and at the process.

        Raises Unmeasurable where the target does not serve even before the first: it hung already.
        """
        before = self.pulse()
        if not before.served:
            raise Unmeasurable(f"not served before the first case: {before.how}")
        player = self.player()
        waiting, crowded_out = iter(cases), list[Case]()
        while _fill(player, waiting, crowded_out, size):
            during = self.pulse() if player.holds else None
            player.settle()
            after = self.pulse()
            yield Round(tuple(player.take()), during or after, after, self.fingerprint())


def _fill(player: Player, cases: Iterator[Case], crowded_out: list[Case], size: int) -> int:
    """A server that lets one peer wait for another is looked at before it has let many of them: who is
    ``crowded_out`` comes first when the others have ended. Raises Unmeasurable where not even the first finds a door;
    a door that is shut later is for the others to tell."""
    played, began = 0, time.monotonic()
    while played < size and not player.is_full and time.monotonic() - began < PROMPT_S:
        case = crowded_out.pop() if crowded_out else next(cases, None)
        if case is None:
            break
        try:
            player.play(case)
        except Crowded:
            crowded_out.append(case)
            break
        except Unreachable:
            if not played:
                raise
            break
        played += 1
    return played


def slots(target: Target, node: Node) -> dict[str, bytes]:
    """What the recipes leave open, see wire/recipe.py."""
    identity = b"".join(scu.identity_item(node.identity))
    return {
        "called": target.called_aet.encode().ljust(16),
        "calling": node.aet.encode().ljust(16),
        "identity": identity,
    }


def canaries(target: Target) -> tuple[bytes, ...]:
    """Values that the server holds, or has just been told, and that must stand in no answer to anybody else."""
    secrets = [node.identity.passcode.reveal() for node in target.nodes.values() if node.identity]
    secrets += [user.password.reveal() for user in target.users.values()]
    planted = target.specimen
    return tuple(text.encode() for text in (*secrets, *((planted.patient_id,) if planted else ())) if len(text) >= 8)


def culprit(cases: Sequence[Case], fails: Callable[[Sequence[Case]], bool], ends: float) -> Case | None:
    """The one of ``cases`` that does it alone, found by halves until ``ends`` (monotonic seconds); None where none
    does, or the time is over."""
    suspects = list(cases)
    while len(suspects) > 1 and time.monotonic() < ends:
        half = suspects[: len(suspects) // 2]
        suspects = half if fails(half) else suspects[len(half) :]
    return suspects[0] if len(suspects) == 1 and time.monotonic() < ends and fails(suspects) else None


@contextmanager
def holding(scene: Scene, cases: Sequence[Case]) -> Iterator[Callable[[], list[Answer]]]:
    """Play ``cases``, all at once, each by a peer of its own, and leave the connections open. What is yielded ends
    them and returns what each was answered; one that was not let in within the deadline holds its connection, too."""
    players = [scene.player(0.2, scene.prompt) for _ in cases]
    with ThreadPoolExecutor(len(cases)) as pool:
        try:
            list(pool.map(Player.play, players, cases))
            yield lambda: [answer for player in players for answer in _ended(player)]
        finally:
            for player in players:
                player.settle(at_once=True)


def _ended(player: Player) -> list[Answer]:
    player.settle(at_once=True)
    return [answer for _, answer in player.take()]


def associated(answer: Answer) -> bool:
    return answer.data[:1] == bytes([pdu.A_ASSOCIATE_AC])


def exhaust(scene: Scene, cases: Sequence[Case], count: int) -> None:
    """``count`` hostile associations, one after the other, none of them waited for."""
    player = scene.player(patience=0.004)
    for number in range(count):
        player.play(cases[number % len(cases)])
        player.settle(at_once=True)
        player.take()


def returned(usage: Callable[[], Usage], reached: Callable[[Usage], bool], seconds: float = 1.5) -> Usage:
    """The first reading for which ``reached`` holds, or the last one before the deadline."""
    ends = time.monotonic() + seconds
    while True:
        now = usage()
        if reached(now) or time.monotonic() > ends:
            return now
