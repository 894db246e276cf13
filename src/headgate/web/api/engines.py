"""Engines: which Flink versions the server's machine has, and installing or removing one."""

from fastapi import APIRouter, Response

from headgate.ports.engines import Engine
from headgate.ports.store import UnitOfWork
from headgate.services.engines import Task
from headgate.services.pages import cut_page
from headgate.services.receipts import Keep
from headgate.web.callers import Caller
from headgate.web.context import Served
from headgate.web.declared import KEYS, declare
from headgate.web.languages import Spoken
from headgate.web.models.engines import EngineModel, NewEngineBody, TaskModel
from headgate.web.models.shapes import PageModel, list_models
from headgate.web.once import OnceOnly
from headgate.web.windows import Shown

router = APIRouter(tags=["engines"])

_UNKNOWN = {404: ("engine_not_installed",)}
_DISK = ("engine_folder_not_writable", "engine_folder_failed", "engine_disk_full")


@router.get("/engines", responses=declare({422: ("query_invalid",)}))
def list_engines(window: Shown, _actor: Caller, services: Served) -> PageModel[EngineModel]:
    """The Flink versions that are installed on the server's machine, newest first."""
    page = cut_page(services.engines.list_all(), window, _order, descending=True)
    return list_models(page.map(EngineModel.of))


def _order(engine: Engine) -> tuple[str, str]:
    """As numbers: 2.10 comes after 2.9."""
    return ".".join(part.zfill(4) for part in engine.version.split(".")), ""


@router.post("/engines", status_code=202, response_model=TaskModel, responses=declare({409: KEYS}))
def install_engine(body: NewEngineBody, actor: Caller, services: Served, once: OnceOnly, language: Spoken) -> Response:
    """Install a Flink version. What it comes to is told by the task; asked twice, it is the same task."""

    def act(keep: Keep[Task]) -> Task:
        return services.engines.install(actor, body.version, keep)

    def render(_unit: UnitOfWork, task: Task) -> TaskModel:
        return TaskModel.of(task, language)

    return once.answer(202, act, render)


@router.get("/engines/{version}", responses=declare(_UNKNOWN))
def get_engine(version: str, _actor: Caller, services: Served) -> EngineModel:
    """One installed version."""
    return EngineModel.of(services.engines.get(version))


@router.delete(
    "/engines/{version}", status_code=204, responses=declare({**_UNKNOWN, 409: ("engine_in_use",), 503: _DISK})
)
def remove_engine(version: str, _actor: Caller, services: Served) -> None:
    """Remove a version that no registered cluster runs."""
    services.engines.remove(version)


@router.get("/tasks/{task_id}", responses=declare({404: ("task_not_found",)}))
def get_task(task_id: str, _actor: Caller, services: Served, language: Spoken) -> TaskModel:
    """One installation: how far it is, or how it ended. The last hundred are kept until the server ends."""
    return TaskModel.of(services.engines.get_task(task_id), language)
