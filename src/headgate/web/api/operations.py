"""Operations: ask for one, see what it would do, await it, take it back."""

from typing import Annotated

import anyio
from anyio import to_thread
from fastapi import APIRouter, Query, Response

from headgate.domain.operations import Operation
from headgate.ports.store import UnitOfWork
from headgate.services.receipts import Keep
from headgate.web.callers import Caller
from headgate.web.context import Served
from headgate.web.declared import JOB, KEYS, WORKSPACE, declare
from headgate.web.languages import Spoken
from headgate.web.models.operations import OperationModel, OperationOrder, PlanModel
from headgate.web.models.shapes import PageModel, list_models
from headgate.web.once import OnceOnly
from headgate.web.windows import Shown
from headgate.web.wording import say

router = APIRouter(tags=["operations"])

LONGEST_WAIT_S = 60.0
# Often enough that a pause of a second is not stretched, rarely enough that a hundred waiting clients cost nothing.
POLL_S = 0.1
LONGEST_POLL_S = 0.5
# The reconciler takes an operation back within milliseconds, unless it waits for a cluster that hangs.
WITHDRAWAL_S = 1.0

_REFUSALS = (
    "verb_not_allowed",
    "not_out_of_sight",
    "job_not_published",
    "savepoint_dir_missing",
    "from_required",
    "no_restore_point",
    "snapshot_not_usable",
    "cluster_missing",
    "resume_on_other_flink",
)


@router.post(
    "/jobs/{job_id}/operations",
    status_code=202,
    response_model=OperationModel,
    responses={
        200: {"model": PlanModel, "description": "With `dry_run`: what it would do."},
        **declare(
            {
                404: (*JOB, "snapshot_not_found", "version_not_found"),
                409: (*_REFUSALS, *KEYS),
                422: ("options_invalid",),
            }
        ),
    },
)
def request_operation(
    job_id: str,
    order: OperationOrder,
    actor: Caller,
    once: OnceOnly,
    language: Spoken,
    dry_run: Annotated[bool, Query(description="Only say what would be done.")] = False,
) -> Response:
    """Ask for a verb. Asked twice, the second answer is the first operation.

    The verb is judged by the expected phase: where the open operation leads, else the present phase.
    """
    verb, options = order.read()
    operations = once.services.operations
    if dry_run:
        plan = PlanModel.of(operations.plan(actor, job_id, verb, options), language)
        return Response(plan.model_dump_json(), media_type="application/json")

    def act(keep: Keep[Operation]) -> Operation:
        return operations.request(actor, job_id, verb, options, keep)

    def render(_unit: UnitOfWork, operation: Operation) -> OperationModel:
        return OperationModel.of(operation, language)

    return once.answer(202, act, render)


async def _await_end(operation: Operation, actor: Caller, services: Served, seconds: float) -> Operation:
    """The operation once it has ended, or as it is after so many seconds."""
    pause = POLL_S
    with anyio.move_on_after(seconds):
        while operation.is_open:
            await anyio.sleep(pause)
            pause = min(pause * 1.5, LONGEST_POLL_S)
            operation = await to_thread.run_sync(services.operations.get, actor, operation.id)
    return operation


# These two endpoints are no plain functions: a waiting client must not hold a thread.
@router.get("/operations/{operation_id}", responses=declare({404: ("operation_not_found",)}))
async def get_operation(
    operation_id: str,
    actor: Caller,
    services: Served,
    language: Spoken,
    wait: Annotated[
        float, Query(ge=0, le=LONGEST_WAIT_S, allow_inf_nan=False, description="Seconds to await its end.")
    ] = 0.0,
) -> OperationModel:
    """One operation. With `wait` the answer comes when it has ended, or after so many seconds."""
    operation = await to_thread.run_sync(services.operations.get, actor, operation_id)
    return OperationModel.of(await _await_end(operation, actor, services, wait), language)


@router.delete(
    "/operations/{operation_id}",
    status_code=202,
    responses=declare({404: ("operation_not_found",), 409: ("operation_not_withdrawable",)}),
)
async def withdraw_operation(operation_id: str, actor: Caller, services: Served, language: Spoken) -> OperationModel:
    """Take a waiting operation back. It ends as CANCELLED unless it has sent something to Flink meanwhile."""
    asked = await to_thread.run_sync(services.operations.withdraw, actor, operation_id)
    operation = await _await_end(asked, actor, services, WITHDRAWAL_S)
    shown = OperationModel.of(operation, language)
    if not operation.is_open or operation.has_sent:
        return shown
    return shown.model_copy(update={"message": say("operation_withdrawal_asked", {}, language)})


@router.get("/jobs/{job_id}/operations", responses=declare({404: JOB, 422: ("query_invalid",)}))
def list_job_operations(
    job_id: str, window: Shown, actor: Caller, services: Served, language: Spoken
) -> PageModel[OperationModel]:
    """What was asked of a job, newest first."""
    page = services.queries.list_job_operations(actor, job_id, window)
    return list_models(page.map(lambda operation: OperationModel.of(operation, language)))


@router.get("/workspaces/{workspace}/operations", responses=declare({404: WORKSPACE, 422: ("query_invalid",)}))
def list_operations(
    workspace: str, window: Shown, actor: Caller, services: Served, language: Spoken
) -> PageModel[OperationModel]:
    """What was asked of all jobs, newest first."""
    page = services.queries.list_operations(actor, workspace, window)
    return list_models(page.map(lambda operation: OperationModel.of(operation, language)))
