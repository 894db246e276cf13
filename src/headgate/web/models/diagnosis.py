"""What the server finds wrong with itself, its clusters and its jobs, as it goes out."""

from datetime import datetime

from pydantic import Field

from headgate.domain.catalogue import Language
from headgate.domain.diagnosis import Diagnosis, Symptom
from headgate.web.models.shapes import FindingModel, Shown
from headgate.web.wording import join_sentences, say


class SymptomModel(FindingModel):
    """One thing that is off, or at INFO worth knowing."""

    level: str = Field(description="ERROR, WARNING or INFO; INFO does not count as off.")
    since: datetime | None = Field(description="Since when, where that is known.")
    facts: dict[str, str] = Field(description="What the sentence is filled from: names, ids, paths.")

    @classmethod
    def of_symptom(cls, symptom: Symptom, language: Language) -> "SymptomModel":
        finding = FindingModel.of(symptom.finding, language)
        facts = symptom.finding.facts
        if symptom.because is not None:
            led = say(symptom.because.code, symptom.because.facts, language)
            finding = finding.model_copy(update={"message": join_sentences(finding.message, led, language)})
        return cls(**finding.model_dump(), level=symptom.level.value, since=symptom.since, facts=facts)


class LeaseModel(Shown):
    """Which server reconciles, and until when unless it renews."""

    holder: str | None
    until: datetime


class DiagnosisModel(Shown):
    """What was found at one moment, the gravest first."""

    ok: bool = Field(description="Nothing is off.")
    at: datetime
    findings: list[SymptomModel]
    lease: LeaseModel | None
    revision: str | None = Field(description="The revision of the database's tables.")
    clusters: int = Field(description="How many clusters were asked.")
    jobs: int = Field(description="How many jobs were looked at.")

    @classmethod
    def of(cls, diagnosis: Diagnosis, language: Language) -> "DiagnosisModel":
        return cls(
            ok=diagnosis.is_well,
            at=diagnosis.at,
            findings=[SymptomModel.of_symptom(symptom, language) for symptom in diagnosis.symptoms],
            lease=LeaseModel.model_validate(diagnosis.lease) if diagnosis.lease is not None else None,
            revision=diagnosis.schema,
            clusters=diagnosis.clusters,
            jobs=diagnosis.jobs,
        )
