"""Who is authorised: the nodes and users of the target, by what it permits them."""

from __future__ import annotations

from ...model import (
    Endpoint,
    Inapplicable,
    Missing,
    Node,
    Target,
    Unmeasurable,
    User,
)
from ..web.sign_in import SignIn


def authorised_node(target: Target, role: str = "all") -> Node:
    """Raises Unmeasurable without a node ``all``: no positive control is possible then; Missing without another."""
    if role not in target.nodes:
        raise (Unmeasurable if role == "all" else Missing)(f"the target names no node '{role}'")
    return target.nodes[role]


class Who:
    """``proofs`` counts the successes that were asked for."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.proofs = 0
        self.spoilt: set[Endpoint] = set()  # beside the first of their service: no sign of life is expected there
        self._sign_in = SignIn(target)

    def node(self, role: str) -> Node:
        """Raises as ``authorised_node``."""
        return authorised_node(self.target, role)

    def user(self, name: str = "") -> User:
        """The user of that name, or the first one, logged in. Raises Unmeasurable where that fails."""
        if not self.target.users:
            raise Missing("the target names no web user, so nobody could be seen to be served")
        return self._sign_in.of(self.target.users[name] if name else next(iter(self.target.users.values())))

    def guessable(self) -> User:
        """A user whose password is asked for with every request. Raises Inapplicable where there is none."""
        users = (self.target.users or {"": self.user()}).values()
        if (found := next((user for user in users if user.means == ("password",)), None)) is None:
            raise Inapplicable("no user of the target logs in by a name and a password with each request")
        return self._sign_in.of(found)

    def who_may(self, service: str) -> str:
        """The role that the target permits ``service``; the node ``all`` where it does so, or where nobody is."""
        all_, others = self.node("all"), self.target.nodes
        if service in (all_.permits or ("echo", "find")):
            return "all"
        return next((role for role, node in others.items() if service in node.permits), "all")

    def stores(self) -> bool:
        """Whether some node is said to be permitted it."""
        return any("store" in node.permits for node in self.target.nodes.values())

    def count_successes(self, served: int) -> None:
        """Count ``served`` successes of an authorised peer that were seen elsewhere in this run."""
        if not served:
            raise Unmeasurable("positive control failed: the authorised peer got nothing")
        self.proofs += served
