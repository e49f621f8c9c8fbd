"""Whom a DICOM peer says that it is built on (PS3.7 D.3.3.2): what real ones announce, and what this run announces.

An archive that knows this suite by its implementation class UID could refuse it and nobody else; so a run announces
what some real client does, chosen by a number that its report names.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass


@dataclass(frozen=True)
class Implementation:
    """``uid``: implementation class UID; ``version``: implementation version name, at most 16 characters, empty for
    none."""

    product: str
    uid: str
    version: str = ""

    @property
    def name(self) -> str:
        return f"{self.product} {self.version}".strip()


# From association logs and file meta information that were published, and from the toolkits' own sources.
REAL = tuple(
    Implementation(*row)
    for row in (
        *(("DCMTK", f"1.2.276.0.7230010.3.0.{v[0]}.{v[1]}.{v[2]}", f"OFFIS_DCMTK_{v}")
          for v in ("354", "360", "362", "364", "365", "366", "367", "368", "369", "370")),
        ("dcm4che", "1.2.40.0.13.1.3", "dcm4che-5.23.2"),
        ("dcm4che", "1.2.40.0.13.1.3", "dcm4che-5.29.2"),
        ("dcm4che", "1.2.40.0.13.1.3", "dcm4che-5.34.0"),
        ("dcm4che", "1.2.40.0.13.1.1", "dcm4che-2.0"),
        ("dcm4che", "1.2.40.0.13.1.1.1", "dcm4che-1.4.35"),
        ("pynetdicom", "1.2.826.0.1.3680043.9.3811.1.0.0", "PYNETDICOM_100"),
        ("pynetdicom", "1.2.826.0.1.3680043.9.3811.2.0.2", "PYNETDICOM_202"),
        ("pynetdicom", "1.2.826.0.1.3680043.9.3811.3.0.4", "PYNETDICOM_304"),
        ("pydicom", "1.2.826.0.1.3680043.8.498.1", "PYDICOM 3.0.1"),
        ("fo-dicom", "1.3.6.1.4.1.30071.8", "fo-dicom 3.1.0"),
        ("fo-dicom", "1.3.6.1.4.1.30071.8", "fo-dicom 4.0.8"),
        ("fo-dicom", "1.3.6.1.4.1.30071.8", "fo-dicom 5.1.2"),
        ("ClearCanvas", "1.3.6.1.4.1.25403.1.1.1", "Dicom 0.1"),
        ("GDCM", "1.2.826.0.1.3680043.2.1143.107.104.103.115.2.8.4", "GDCM 2.8.4"),
        ("GDCM", "1.2.826.0.1.3680043.2.1143.107.104.103.115.3.0.24", "GDCM 3.0.24"),
        ("MergeCOM-3", "2.16.840.1.113669.2.1.1", "MergeCOM3_310"),
        ("MergeCOM-3", "2.16.840.1.113669.2.1.1", "MergeCOM3_340"),
        ("Varian", "1.2.246.352.70.2.1.120.1", "MergeCOM3_410"),
        ("LEADTOOLS", "1.2.840.114257.1123456", "DICOM 3.0"),
        ("OsiriX", "1.2.276.0.7238010.5.0.3.5.4", "OSIRIX"),
        ("Conquest", "1.2.826.0.1.3680043.2.135.1066.101", "1.4.16/WIN32"),
        ("Conquest", "1.2.826.0.1.3680043.2.135.1066.101", "1.5.0/WIN32"),
        ("PixelMed", "1.3.6.1.4.1.5962.99.2", "PIXELMEDJAVA001"),
        ("dicom3tools", "1.3.6.1.4.1.5962.2", "DCTOOL100"),
        ("dcmjs-dimse", "1.2.826.0.1.3680043.10.854", "DCMJS-DIMSE-V0.1"),
        ("DICOM-rs", "2.25.262086406829110419931297894772577063974", "DICOM-rs 0.7"),
        ("go dicom", "1.2.826.0.1.3680043.9.7133.1.1", "GODICOM_1_1"),
        ("DCMSYS router", "1.3.6.1.4.1.29565.0.3.6.2", "DCMSYS_RTR_362"),
        ("GE", "1.2.840.113619.6.55"),
        ("GE Xeleris", "1.2.840.113619.6.281", "Xeleris 4.1170"),
        ("GE LOGIQ", "1.2.840.113619.6.323", "LOGIQS8_1"),
        ("GE Venue", "1.2.840.113619.6.446", "VENUE_302"),
        ("Siemens MR", "1.3.12.2.1107.5.2", "MR_VB19A"),
        ("Siemens CT", "1.3.12.2.1107.5.1.4", "SIEMENS_S7VA44A"),
        ("Siemens", "1.3.12.2.1107.5.99.3.20080101"),
        ("Philips MR", "1.3.46.670589.11.0.0.51.4.4.1", "MR DICOM 4.1"),
        ("Philips EPIQ", "1.3.46.670589.14.10000.705", "EPIQ-AFFIN_7.05"),
        ("Agfa broker", "1.2.124.113532.3320", "BROKER992.0"),
        ("Agfa Enterprise Imaging", "1.3.51.0.42.1.1"),
        ("Fujifilm Synapse", "1.2.840.113845.1.1", "Syn7,3,0,258"),
        ("Carestream", "1.2.840.113564.3.1.64", "2.1"),
    )
)  # fmt: skip

# What a requestor of today would be: the archive may be made to expect some of these and no others.
_USUAL = ("DCMTK", "dcm4che", "pynetdicom", "fo-dicom")
AGENTS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:132.0) Gecko/20100101 Firefox/132.0",
    "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "python-requests/2.32.3",
    "curl/8.10.1",
)
# Of nobody else: a UUID in decimal (PS3.5 B.2).
ITSELF = Implementation("pacs-hardening", "2.25.299792458137035999206161803398874989484820", "PACS_HARDENING")


@dataclass(frozen=True)
class Presented:
    """As whom a run presents itself, in DICOM and in the web."""

    seed: int
    implementation: Implementation
    agent: str


def of_seed(seed: int) -> Presented:
    """What some real client is, chosen by ``seed``."""
    usual = [each for each in REAL if each.product in _USUAL]
    return Presented(seed, usual[seed % len(usual)], AGENTS[seed // len(usual) % len(AGENTS)])


_presented = of_seed(secrets.randbelow(1_000_000))


def present(*, seed: int | None = None, identify: bool = False) -> None:
    """From now on: as ``seed`` says, or, to ``identify`` itself, as this suite. Before anything is asked."""
    global _presented
    _presented = _presented if seed is None else of_seed(seed)
    if identify:
        _presented = Presented(_presented.seed, ITSELF, "pacs-hardening")


def presented() -> Presented:
    return _presented


def ours() -> Implementation:
    return _presented.implementation
