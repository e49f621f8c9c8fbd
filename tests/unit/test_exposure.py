"""What a control says of anyone is said of those who were let in, and of nobody else."""

from __future__ import annotations

import pytest

from pacs_hardening.model import Stranger
from pacs_hardening.report.words import exposure

LIST = "ANYONE who reaches the DICOM port can list patients and their studies."
LET_IN = "ANYONE who reaches the DICOM port is let in, whatever name they give."


@pytest.mark.parametrize(
    ("said", "strangers", "means"),
    [
        (LIST, (), ""),
        (LIST, (Stranger.ANYONE, Stranger.DEVICE), ""),
        (LIST, (Stranger.DEVICE,), "Any device with a certificate of the same CA can list patients and their studies."),
        (
            LET_IN,
            (Stranger.POSING,),
            "Whoever reaches the DICOM port and gives the name of an authorised node is let in.",
        ),
        (
            LET_IN,
            (Stranger.DEVICE,),
            "Any device with a certificate of the same CA is let in, whatever name they give.",
        ),
        (
            LIST,
            (Stranger.DEVICE, Stranger.POSING),
            "Whoever reaches the DICOM port and gives the name of an authorised node and any device with a certificate "
            "of the same CA can list patients and their studies.",
        ),
        ("Anyone can tell that a DICOM archive answers here.", (Stranger.DEVICE,), ""),
    ],
)
def test_who_was_let_in(said: str, strangers: tuple[Stranger, ...], means: str) -> None:
    assert exposure(said, frozenset(strangers)) == means
