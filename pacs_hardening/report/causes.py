"""Causes and coverage of a space in words."""

from __future__ import annotations

from collections.abc import Iterable

from ..model.space import Cause, Coverage

TRIED = "tried as "  # begins the name of a fact that says how much was tried
MOST = 4  # values that are named; of the others, how many there are
_SENDERS = {
    "sender-without-certificate": "a sender without certificate",
    "unknown-device-sending": "a sender with the certificate of a device that the archive does not know",
    "renamed-sender": "the certificate of the authorised sender under other names",
    "sender-of-other-application": "the certificate of the authorised sender under another application",
    "sender-of-other-facility": "the certificate of the authorised sender under another facility",
    "posing-without-certificate": "a peer without certificate under the name of the sender",
    "posing-device": "a device that the archive does not know, under the name of the sender",
    "posing-node": "a node under the name of the sender",
    "sender-merging": "the authorised sender",
    "sender-disguising": "the authorised sender",
    "unknown-device-merging": "a device that the archive does not know",
    "renamed-sender-merging": "the certificate of the authorised sender under other names",
    "posing-device-merging": "a device that the archive does not know, under the name of the sender",
}
WHO = {
    "without-login": "somebody without a login",
    "without-certificate": "a peer without certificate",
    "without-certificate-posing": "a peer without certificate under a known AE title",
    "unknown-device": "a device with a certificate that the archive does not know",
    "unknown-device-posing": "a device that the archive does not know, under a known AE title",
    "without-certificate-posing-storing": "a peer without certificate under a known AE title",
    "unknown-device-posing-storing": "a device that the archive does not know, under a known AE title",
    "without-certificate-storing": "a peer without certificate",
    "unknown-device-storing": "a device with a certificate that the archive does not know",
    "name-of-another": "a node under the AE title of another",
    "without-passcode": "a node without its passcode",
    "store-node": "a node that may only store",
    "query-node-storing": "a node that may only query",
    "misaddressing-node": "a node that calls the archive by another title",
    **{f"{role}-over-the-limit": f"node '{role}'" for role in ("all", "query", "store")},
    **{f"{role}-replacing": f"node '{role}'" for role in ("all", "query", "store")},
    **{f"{role}-sending-elsewhere": f"node '{role}'" for role in ("all", "query", "store")},
    "renamed-node": "a node under a title that is not its own",
    **_SENDERS,
}


def text(cause: Cause) -> str:
    """What the archive does, for whom, and what of the request makes it do so."""
    does = f"serves {cause.request}" if cause.request else "accepts an association"
    more = len(cause.bases) - MOST
    whom = _joined([*map(_who, cause.bases[:MOST]), *([f"{more} more"] if more > 0 else [])])
    said = f"the archive {does} to {whom}"
    if cause.asked != cause.served:
        said += f" now and then ({cause.served} of {cause.asked} times when asked again)"
    if cause.needs:
        said += f", when {' and '.join(_need(*need, cause) for need in cause.needs)}; and refuses without"
    return f"{said} ({cause.cases} way{'s'[: cause.cases != 1]}; again: {cause.way})"


def _need(dimension: str, values: tuple[str, ...], cause: Cause) -> str:
    if dimension in cause.every:
        return f"{dimension} is any of the {len(values)} that were tried"
    named = _joined((repr(value) for value in values[:MOST]), "or")
    return f"{dimension} is {named}{f' or {len(values) - MOST} more' if len(values) > MOST else ''}"


def _who(base: str) -> str:
    peer, _, asking = base.partition(" asking ")
    name, at, number = peer.partition("@")
    kind = "web" if name == "without-login" else "HL7" if name in _SENDERS else "DICOM"
    where = f" at {kind} endpoint {number}" if at else ""
    return WHO.get(name, name) + where + (f" who asks for {asking}" if asking else "")


def _joined(texts: Iterable[str], word: str = "and") -> str:
    *most, last = dict.fromkeys(texts)
    return f"{', '.join(most)} {word} {last}" if most else last


def tried(coverages: Iterable[Coverage]) -> dict[str, str]:
    """For each of whom something was tried, in how many ways altogether."""
    whole: dict[str, Coverage] = {}
    for each in coverages:
        whole[each.who] = whole[each.who].and_also(each) if each.who in whole else each
    return {f"{TRIED}{who}": covered(each) for who, each in whole.items()}


def covered(coverage: Coverage) -> str:
    """One line: how much was tried, and what came of it."""
    through = f" through {len(coverage.endpoints)} endpoints" if len(coverage.endpoints) > 1 else ""
    said = f"{coverage.ways:,} ways{through}, {coverage.served:,} served"
    said += f" ({_of(coverage.values)} single values, {_of(coverage.pairs)} pairs"
    return said + (f"; {coverage.unmeasured} could not be measured)" if coverage.unmeasured else ")")


def _of(counted: tuple[int, int]) -> str:
    return f"{counted[0]:,} of {counted[1]:,}"
