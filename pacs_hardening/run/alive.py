"""Which services of a target serve who may be served: one that does not spoils what is asked of it, and no more."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..model import Control, Endpoint, Target, Unmeasurable, Unserved
from ..probes.authorised import Authorised
from ..report import words

SERVICES = ("dicom", "web")
INSIDE = ("host", "config")  # areas that are looked at from inside


@dataclass
class Alive:
    """Why, in words, by service: ``dead``: it is not asked any more; ``unproven``: it answers, and serves nobody who is
    known, so that an open one can be found, and no pass be believed. ``doors``: the same of an endpoint beside the
    first of its service; what passes says something of it as well."""

    services: tuple[str, ...] = ()
    dead: dict[str, str] = field(default_factory=dict)
    unproven: dict[str, str] = field(default_factory=dict)
    doors: dict[Endpoint, str] = field(default_factory=dict)

    @classmethod
    def of(cls, target: Target, authorised: Authorised) -> Alive:
        """Raises Unmeasurable where no service is there at all."""
        found = cls(tuple(name for name in SERVICES if target.endpoints_of(name)))
        errors = list[Unmeasurable]()
        for service in found.services:
            first, *others = target.endpoints_of(service)
            try:
                authorised.lives_at(first)
            except Unserved as refused:
                found.unproven[service] = words.error(refused)
            except Unmeasurable as error:
                errors.append(error)
                found.dead[service] = words.error(error)
            for endpoint in others:
                try:
                    authorised.lives_at(endpoint)
                except Unmeasurable as error:
                    found.doors[endpoint] = words.error(error)
                    authorised.spoilt.add(endpoint)
        if errors and len(found.dead) == len(found.services):
            raise errors[0]
        return found

    @property
    def asked(self) -> tuple[str, ...]:
        """Services of which a sign of life is expected."""
        return tuple(each for each in self.services if each not in self.dead and each not in self.unproven)

    def concerned(self, control: Control) -> tuple[str, ...]:
        """Services that ``control`` says something of: the named ones, or all; none where it looks from inside, or at
        messages, which may be received elsewhere and show by themselves that somebody is served."""
        named = tuple(each for each in SERVICES if each in control.needs)
        elsewhere = control.area in INSIDE or "hl7" in control.needs
        return named or (() if elsewhere else self.services)

    def forbids(self, control: Control) -> str | None:
        """Why it cannot be asked: a service that it needs is dead, or all that it concerns are."""
        of = self.concerned(control)
        why = [self.dead[each] for each in of if each in self.dead]
        return why[0] if why and (control.needs or len(why) == len(of)) else None

    def doubts(self, control: Control) -> str | None:
        """Why its pass could not be believed."""
        reasons = {endpoint.service: why for endpoint, why in self.doors.items()} | self.dead | self.unproven
        return next((reasons[each] for each in self.concerned(control) if each in reasons), None)

    @property
    def reason(self) -> str | None:
        """Why the whole run proves nothing, whatever else holds."""
        return next(iter((*self.dead.values(), *self.unproven.values(), *self.doors.values())), None)
