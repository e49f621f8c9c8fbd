"""Values that occur nowhere else, valid for their value representation, each with the attribute that it stands for."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

# Beginnings (or endings) by which a canary is known, whatever number follows. One search finds all of them.
WORD, SIGNS, UID, SECONDS, FRACTION, INTEGER = "QZXJ", "鑿鑢", "2.25.4276545", ".7193", ".6015625", "21427654"
DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
SIGN_DIGITS = "一二三四五六七八九十"
# Dates are the leap days of four centuries: shifting all of them by one number of days turns none into another, unless
# that is a multiple of four years.
LEAP_DAYS = tuple(f"{year}0229" for year in range(1600, 2000) if year % 4 == 0 and (year % 100 or year % 400 == 0))
SAID = ("in", "depth", "transfer syntax")  # of what is known of a place, what a report says of each value
_WORDS = {"LO", "SH", "CS", "AE", "ST", "LT", "UT", "UC"}


@dataclass(frozen=True)
class Token:
    """One planted ``value``: in which attribute, of what action code and group, of which object, and at what depth
    (``top``, ``nested``, ``private``). ``about``: what else is true of where it stands, by dimension, from which the
    cause of a leak is told."""

    value: str
    attribute: str
    action: str
    group: str
    object: str
    place: str = "top"
    about: tuple[tuple[str, str], ...] = ()

    @property
    def kind(self) -> str:
        """By what a leak of it is judged: where it stands, if that is not at the top; else what it identifies."""
        return self.group if self.place == "top" else self.place

    def __str__(self) -> str:
        where = ", ".join([self.place, *(f"{name} {value}" for name, value in self.about if name in SAID)])
        return f"{self.attribute} of {self.object} ({where}, action {self.action}): {self.value}"


class TokenFactory:
    """Makes values and remembers them. ``manifest`` maps each value as it is found again to its tokens (of dates, which
    are few, to several)."""

    def __init__(self, seed: int, *, upper: bool = False) -> None:
        """``upper``: no value is one of a factory that is not."""
        chance = random.Random(seed)  # noqa: S311 - a seed is there so that a run can be repeated
        self._run = chance.randrange(10**9)
        self._next = chance.randrange(1 << 20) + (1 << 21 if upper else 0)
        self._days: dict[str, str] = {}
        self.manifest: dict[str, list[Token]] = {}

    def value(self, vr: str, about: Token) -> object:
        """A value of ``vr`` for the attribute that ``about`` describes. None where the representation has no room for
        one."""
        if vr in _WORDS:
            return self._keep(self.word(), about)
        if vr == "PN":
            return "^".join(self._keep(self.word(), about) for _ in range(5))
        if vr == "UI":
            return self._keep(f"{UID}{self._run:09d}{self._number():08d}", about)
        if vr == "DA":
            return self._keep(self._day(about.attribute), about)
        if vr == "TM":
            return self._keep(self._time(), about)
        if vr == "DT":
            day, time = self._keep(self._day(about.attribute), about), self._keep(self._time(), about)
            return day + time
        if vr == "DS":
            return self._keep(f"{10**6 + self._number()}{FRACTION}", about)
        if vr == "IS":
            return self._keep(f"{INTEGER}{self._number() % 82:02d}", about)
        if vr == "UR":
            return "http://test.invalid/" + self._keep(self.word(), about)
        if vr in ("OB", "OW", "UN"):
            return b"TEST " + self._keep(self.word(), about).encode()
        return None

    def signs(self, about: Token) -> str:
        """A word in ideographs that Japanese and Chinese character sets share."""
        number = f"{self._number() % 10**5:05d}"
        return self._keep(SIGNS + "".join(SIGN_DIGITS[int(digit)] for digit in number), about)

    def word(self) -> str:
        number, digits = self._number(), ""
        for _ in range(5):
            number, digit = divmod(number, 32)
            digits = DIGITS[digit] + digits
        return WORD + digits

    def _keep(self, value: str, about: Token) -> str:
        token = replace(about, value=value)
        self.manifest.setdefault(value, []).append(token)
        return value

    def _number(self) -> int:
        self._next += 1
        return self._next

    def _day(self, attribute: str) -> str:
        """The same day for the same attribute of every object: there are fewer days than values."""
        return self._days.setdefault(attribute, LEAP_DAYS[len(self._days) % len(LEAP_DAYS)])

    def _time(self) -> str:
        second, hundredth = divmod(self._number() % (86400 * 100), 100)
        return f"{second // 3600:02d}{second // 60 % 60:02d}{second % 60:02d}{SECONDS}{hundredth:02d}"
