"""The specimen: what it is, how it came to be on the glass, and more about the patient than there should be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from gateway.demo import codes
from gateway.demo.codes import code, content

if TYPE_CHECKING:
    from gateway.demo.slides import Case


def specimen(dataset: Dataset, case: Case) -> None:
    """The specimen module (PS3.3 C.7.6.22), with preparation steps after PS3.16 TID 8001."""
    patient = case.patient
    dataset.ContainerIdentifier = patient.plant(f"{case.accession}-{case.block}-S1")
    dataset.IssuerOfTheContainerIdentifierSequence = Sequence([])
    dataset.ContainerTypeCodeSequence = Sequence([code(*codes.GLASS_SLIDE)])
    item = Dataset()
    item.SpecimenIdentifier = patient.plant(f"{case.accession}-{case.block}")
    item.SpecimenUID = case.uids.new("specimen")
    item.IssuerOfTheSpecimenIdentifierSequence = Sequence([_issuer(case)])
    item.SpecimenTypeCodeSequence = Sequence([code(*codes.SLIDE_SPECIMEN)])
    item.SpecimenShortDescription = f"{case.spec.organ}, {patient.family} {case.accession}"[:64]
    item.SpecimenDetailedDescription = (
        f"{case.spec.organ.capitalize()}, block {case.block} of {case.accession}. "
        f"Received from {case.institution} in formalin, pot labelled {patient.printed}, NHS {patient.nhs_grouped}."
    )
    item.PrimaryAnatomicStructureSequence = Sequence([code(*codes.ORGANS[case.spec.organ])])
    item.SpecimenPreparationSequence = Sequence([_collected(case), _stained(case)])
    dataset.SpecimenDescriptionSequence = Sequence([item])
    dataset.AcquisitionContextSequence = Sequence([])


def _issuer(case: Case) -> Dataset:
    """Who gives out specimen numbers: the hospital, by a name of its own."""
    issuer = Dataset()
    issuer.LocalNamespaceEntityID = case.patient.plant(f"{case.site}-HISTOLAB")
    return issuer


def _step(case: Case, processing: tuple[str, str, str], words: str, *more: Dataset) -> Dataset:
    step = Dataset()
    step.SpecimenPreparationStepContentItemSequence = Sequence([
        content(codes.SPECIMEN_IDENTIFIER, text=f"{case.accession}-{case.block}"),
        content(codes.PROCESSING_TYPE, coded=processing),
        content(codes.STEP_DESCRIPTION, text=words),
        *more,
    ])  # fmt: skip
    return step


def _collected(case: Case) -> Dataset:
    words = f"Taken in theatre 3 from {case.patient.printed}, hospital number {case.patient.hospital_number}"
    return _step(case, codes.COLLECTION, words, content(codes.COLLECTION_METHOD, coded=codes.EXCISION))


def _stained(case: Case) -> Dataset:
    words = f"{case.spec.stain} section from block {case.accession}-{case.block} of {case.patient.family}"
    dyes = (content(codes.USING_SUBSTANCE, coded=each) for each in codes.SUBSTANCES[case.spec.stain])
    return _step(case, codes.STAINING, words, *dyes)
