"""The diagnosis: what is off with this server, its clusters and its jobs, and what to do."""

from fastapi import APIRouter

from headgate.web.callers import Caller
from headgate.web.context import Served
from headgate.web.declared import declare
from headgate.web.languages import Spoken
from headgate.web.models.diagnosis import DiagnosisModel

router = APIRouter(tags=["server"])


@router.get("/diagnosis", responses=declare())
def get_diagnosis(actor: Caller, services: Served, language: Spoken) -> DiagnosisModel:
    """Ask every cluster now, look at the files of snapshots, and say what is off. Nothing is changed."""
    return DiagnosisModel.of(services.diagnoses.make(actor), language)
