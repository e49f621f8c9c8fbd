"""Hostile peers at an endpoint: they have their conversations, and an authorised peer is tried beside them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from functools import partial

from ..model import Endpoint, Node, Target, Unmeasurable
from ..model.response import Alert, Rejected, Response, Said, TlsAlert
from ..model.running import Running
from ..probes.authorised import Authorised
from ..probes.dicom.association import Attempt, Outcome, first_endpoint
from ..wire import scu, tls
from .conversation import Answer, Case
from .player import Crowded, Player, Unreachable
from .steady import Steady

TOGETHER = 24  # cases between two looks at the others: few enough to find the culprit among
PROMPT_S = 4.0  # nobody waits longer than this for an answer because of somebody else
TRIES = 3  # of a batch that the suite itself did not run through
DEADLINE_S = 12.0  # for a refusal: ARTIM as servers set it (PS3.8 9.1.5), and a margin
NOT_RECOGNISED = (3, 7)  # calling or called AE title (PS3.8 table 9-21)
NOT_TAKEN = (
    Alert.BAD_CERTIFICATE,
    Alert.UNSUPPORTED_CERTIFICATE,
    Alert.CERTIFICATE_REVOKED,
    Alert.CERTIFICATE_EXPIRED,
    Alert.CERTIFICATE_UNKNOWN,
    Alert.UNKNOWN_CA,
)


@dataclass(frozen=True)
class Pulse:
    """Whether an authorised C-ECHO and C-FIND succeeded at the same time, or a user got a page where there is no DICOM,
    and how long they took."""

    served: bool
    how: Said
    seconds: float
    response: Response | None = None

    @property
    def is_disowned(self) -> bool:
        """The server lives, and refuses the authorised peer for who it is: an AE title that it does not know, or a
        certificate that it does not take any more. No hostile peer brings that about."""
        match self.response:
            case Rejected(source=1, reason=reason):
                return reason in NOT_RECOGNISED
            case TlsAlert(description=description):
                return description in NOT_TAKEN
        return False


@dataclass(frozen=True)
class Batch:
    """What a few conversations brought. ``during``: while some were still open; ``after``: when all had ended."""

    answers: tuple[tuple[Case, Answer], ...]
    during: Pulse
    after: Pulse
    fingerprint: str

    @property
    def cases(self) -> list[Case]:
        return list(dict.fromkeys(case for case, _ in self.answers))  # one of several peers has several answers


@dataclass(frozen=True)
class HostilePeers:
    """They come as a node that the target knows, to one of its endpoints, while ``authorised`` peers are served beside
    them, as the node of the role ``witness``: another one where there is, since an archive may let one node have no
    more than so many associations. ``fingerprint`` names the processes; ``fresh`` starts another server like it, for as
    long as its context lasts (None: nobody can)."""

    target: Target
    endpoint: Endpoint
    node: Node
    authorised: Authorised
    fingerprint: Callable[[], str]
    deadline: float = DEADLINE_S
    prompt: float = PROMPT_S
    fresh: Callable[[], AbstractContextManager[HostilePeers]] | None = None
    witness: str = "all"

    @classmethod
    def at(
        cls,
        authorised: Authorised,
        fingerprint: Callable[[], str],
        service: str = "dicom",
        start: Callable[[], AbstractContextManager[Running]] | None = None,
    ) -> HostilePeers:
        """At the first endpoint of ``service``; ``start`` starts another target like this one."""
        target, fresh = authorised.target, None if start is None else partial(_another, start, service)
        endpoint = first_endpoint(target, service)
        node = authorised.node("all") if target.endpoints_of("dicom") else Node("nobody", "X-NOBODY")
        return cls(target, endpoint, node, authorised, fingerprint, fresh=fresh, witness=_witness(authorised))

    def player(self, patience: float = 0.05, deadline: float = 0.0) -> Player:
        context = tls.client(self.node.keys, self.target) if self.endpoint.tls else None
        name = self.target.server_name
        return Player(
            self.endpoint,
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
            if not self.target.endpoints_of("dicom"):
                self.authorised.page(self.endpoint)
                return Pulse(True, "", time.monotonic() - began)
            attempt = self._others(seconds)
        except Unmeasurable as error:
            return Pulse(False, error.said, time.monotonic() - began)
        served, seen = attempt.outcome is Outcome.SERVED, attempt.observed
        return Pulse(served, seen, time.monotonic() - began, seen.response)

    def _others(self, seconds: float) -> Attempt:
        attempt = self.authorised.asks(seconds, self.witness)
        if attempt.outcome is Outcome.SERVED and self.endpoint.service == "web" and self.target.users:
            self.authorised.page(self.endpoint)
        return attempt

    def batches(self, cases: Iterable[Case], size: int = TOGETHER) -> Iterator[Batch]:
        """Play ``cases``; after each few of them look at the others and at the process.

        Raises Unmeasurable where the target does not serve even before the first, because it hung already; where it
        comes to refuse the authorised peer for who it is; and where the suite itself is kept from running again and
        again: what it does not see in time is no hang.
        """
        before = self.pulse()
        if not before.served:
            raise Unmeasurable("not served before the first case: ", before.how)
        player = self.player()
        try:
            yield from self._looked_at(player, iter(cases), size)
        finally:
            player.settle(at_once=True)

    def _looked_at(self, player: Player, cases: Iterator[Case], size: int) -> Iterator[Batch]:
        first, disturbed = list[Case](), 0
        while True:
            with Steady() as ran:
                played = _fill(player, cases, first, size)
                batch = self._ended(player) if played else None
            if batch is None:
                return
            if batch.after.is_disowned:
                raise Unmeasurable("the authorised peer is refused for who it is: ", batch.after.how)
            if ran.ran_through:
                disturbed = 0
                yield batch
            elif (disturbed := disturbed + 1) < TRIES:
                first += reversed(played)
            else:
                raise Unmeasurable(f"the suite itself did not run for {ran.lost:.1f} s meanwhile, {TRIES} times")

    def _ended(self, player: Player) -> Batch:
        during = self.pulse() if player.holds else None
        player.settle()
        after = self.pulse()
        return Batch(tuple(player.take()), during or after, after, self.fingerprint())


def _witness(authorised: Authorised) -> str:
    """Another node than the hostile one that may search, and is served now; or else itself."""
    for role, node in authorised.target.nodes.items():
        if role != "all" and "find" in node.permits:
            with suppress(Unmeasurable):
                authorised.lives(role=role)
                return role
    return "all"


@contextmanager
def _another(start: Callable[[], AbstractContextManager[Running]], service: str) -> Iterator[HostilePeers]:
    """At another server; its people are its own."""
    with start() as running:
        yield HostilePeers.at(Authorised(running.target), running.fingerprint, service)


def _fill(player: Player, cases: Iterator[Case], first: list[Case], size: int) -> list[Case]:
    """Play the next few, and say which; ``first`` those who were crowded out: a server that lets one peer wait for
    another is looked at before it has let many of them. Raises Unmeasurable where not even the first finds an endpoint;
    an endpoint that is shut later is for the others to tell."""
    played, began = list[Case](), time.monotonic()
    while len(played) < size and not player.is_full and time.monotonic() - began < PROMPT_S:
        case = first.pop() if first else next(cases, None)
        if case is None:
            break
        try:
            player.play(case)
        except Crowded:
            first.append(case)
            break
        except Unreachable:
            if not played:
                raise
            break
        played.append(case)
    return played


def slots(target: Target, node: Node) -> dict[str, bytes]:
    """What the recipes leave open, see fuzz/recipe.py."""
    identity = b"".join(scu.identity_item(node.identity))
    return {
        "called": target.called_aet.encode().ljust(16),
        "calling": node.aet.encode().ljust(16),
        "identity": identity,
    }


def canaries(target: Target) -> tuple[bytes, ...]:
    """Values that the server holds, or has just been told, and that must stand in no answer to anybody else."""
    secrets = [node.identity.passcode.reveal() for node in target.nodes.values() if node.identity]
    secrets += [secret.reveal() for user in target.users.values() for secret in user.secrets]
    planted = target.sample_study
    return tuple(text.encode() for text in (*secrets, *((planted.patient_id,) if planted else ())) if len(text) >= 8)
