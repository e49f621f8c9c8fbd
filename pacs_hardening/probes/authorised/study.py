"""A study of ours on the target: stored, awaited, and read again as an authorised node or user reads it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pydicom.dataset import Dataset

from ...model import Missing, SampleStudy, Unserved
from ...wire import operations, pace
from ..appear import awaited
from ..dicom.association import Peer, associate_as
from ..web.request import filled
from . import Authorised


def store_sample_study(authorised: Authorised) -> SampleStudy:
    """Store one synthetic study, for positive controls to retrieve, and wait until a reader finds it. Raises
    Unmeasurable if it is not stored."""
    planted = authorised.an_object()
    study = sample_of(planted)
    authorised.succeeds(operations.store(planted), role=authorised.who_may("store"))
    await_study(authorised, study)
    return study


def sample_of(planted: Dataset) -> SampleStudy:
    return SampleStudy(
        patient_id=str(planted.PatientID),
        study=str(planted.StudyInstanceUID),
        series=str(planted.SeriesInstanceUID),
        instance=str(planted.SOPInstanceUID),
        sop_class=str(planted.SOPClassUID),
    )


def await_study(authorised: Authorised, study: SampleStudy) -> None:
    """Until a reader finds what was stored a moment before; not at all where nobody may search."""
    if authorised.reads():
        awaited(lambda: sees(authorised, study), "what was stored")


def sees(authorised: Authorised, study: SampleStudy) -> bool:
    """Whether the instance is found by a node that may search."""
    keys = {"StudyInstanceUID": study.study, "SeriesInstanceUID": study.series, "SOPInstanceUID": study.instance}
    role, model = authorised.who_may("find"), "STUDY"
    if operations.FIND[model] not in (authorised.offers(role) or ()):
        model, keys = "PATIENT", {"PatientID": study.patient_id, **keys}  # its key stands above (PS3.4 C.4.1.2.2.1)
    asked = operations.find("IMAGE", keys, model)
    return bool(associate_as(authorised.target, Peer.of(authorised.node(role)), asked).datasets)


def retrieved(authorised: Authorised, study: SampleStudy, classes: Sequence[str]) -> bytes:
    """What a reader gets of the study, by C-GET as objects of any of ``classes``, or by WADO-RS where no node may or
    can; empty where nothing comes. Raises Missing where there is no such reader."""
    target, role = authorised.target, authorised.who_may("get")
    there = authorised.offers(role) or frozenset()
    root = "PATIENT" if operations.GET["PATIENT"] in there and operations.GET["STUDY"] not in there else "STUDY"
    asked = replace(operations.get(study, root), storage=tuple(classes))
    room = pace.contexts() > 1  # for what comes, beside the request
    if "get" in authorised.node(role).permits and asked.sop_class in there and room:
        return b"".join(associate_as(target, Peer.of(authorised.node(role)), asked).datasets)
    path = target.routes.get("wado-rs", "")
    if not (path and target.endpoints_of("web")):
        raise Missing("no node may or can C-GET, and the target names no wado-rs route: nobody could see what is kept")
    try:
        return authorised.web(filled(path, replace(target, sample_study=study))).body
    except Unserved:  # not there yet, perhaps
        return b""
