"""The calls to Flink that were made on behalf of one job, for whoever may see the job."""

from dataclasses import dataclass

from headgate.domain.calls import FlinkCall
from headgate.domain.workspaces import Actor
from headgate.ports.calls import CallLog
from headgate.ports.store import Store
from headgate.services.access import get_job
from headgate.services.pages import Page, Window, read_pages


@dataclass(frozen=True, slots=True)
class CallView:
    """A call with the number of the instance that it was about."""

    call: FlinkCall
    instance: int | None


class Traces:
    """What this server has recorded; another server of the same database keeps its own."""

    def __init__(self, store: Store, calls: CallLog) -> None:
        self.store = store
        self.calls = calls

    def list_job_calls(self, actor: Actor, job_id: str, window: Window) -> Page[CallView]:
        """Newest first."""
        with self.store.read() as unit:
            get_job(unit, actor, job_id)
            numbers = {str(item.id): item.number for item in unit.instances.list_of_job(job_id)}
        calls = self.calls.list_of_job(job_id)
        return read_pages(
            lambda limit, before: [call for call in calls if before is None or call.number < before][:limit],
            window,
            lambda call: call.number,
        ).map(lambda call: CallView(call, numbers.get(call.subject.instance_id or "")))
