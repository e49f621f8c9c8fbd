"""SOP classes that are asked for and not declared, and transfer syntaxes."""

from __future__ import annotations

from ..mutant import Row

QR = "1.2.840.10008.5.1.4.1.2."
STORAGE = "1.2.840.10008.5.1.4.1.1."
FURTHER_MODELS = {  # C-FIND
    f"{QR}3.1": "Patient/Study Only",
    "1.2.840.10008.5.1.4.1.2.1.1": "Patient Root",
    "1.2.840.10008.5.1.4.31": "Modality Worklist",
    "1.2.840.10008.5.1.4.37.1": "General Relevant Patient",
    "1.2.840.10008.5.1.4.37.2": "Breast Imaging Relevant Patient",
    "1.2.840.10008.5.1.4.38.2": "Hanging Protocol",
    "1.2.840.10008.5.1.4.39.2": "Color Palette",
    "1.2.840.10008.5.1.4.43.2": "Generic Implant Template",
    "1.2.840.10008.5.1.4.45.2": "Implant Template Group",
}
RETRIEVE = {f"{QR}1.3": "get", f"{QR}3.3": "get", f"{QR}1.2": "move", f"{QR}3.2": "move"}
# storage SOP classes that the archive does not declare, from Digital X-Ray to Slide Microscopy
UNDECLARED = (
    *("1.1", "104.1", "104.2", "104.3", "88.11", "88.33", "481.3", "481.5", "66", "66.4", "9.1.1", "77.1.4"),
    *("77.1.6", "6.1", "128", "11.1", "12.1", "20", "1.2", "2.1", "4.1"),
)


def models(fact: str) -> list[Row]:
    rows = [Row(fact, "is", uid, {"sop-class": uid}, ("find",), uid) for uid in FURTHER_MODELS]
    return rows + [Row(fact, "is", uid, {"sop-class": uid}, (goal,), uid) for uid, goal in RETRIEVE.items()]


def storage() -> list[Row]:
    return [Row("sop-class", "is", STORAGE + n, {"sop-class": STORAGE + n}) for n in UNDECLARED]
