"""The contract's world of a real Flink, on the embedded cluster: behaviours are arguments of the Java test jobs."""

import json
import os
import signal
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from headgate.adapters.clock import SystemClock
from headgate.adapters.engine.local_cluster import EmbeddedCluster
from headgate.adapters.flink.gateway import RestGateway
from headgate.adapters.flink.rest import FlinkRest, RestLimits
from headgate.domain.clusters import EngineVersion
from headgate.domain.errors import FlinkError
from headgate.domain.instances import FlinkJobId
from headgate.domain.spec import JobSpec, JobType
from headgate.ports.engines import LocalClusterShape
from headgate.ports.flink import FlinkGateway, SavepointOrder, Submission
from tests.adapters.flink.contract.worlds import CLUSTER, make_submission

ARGUMENTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "counts": ("CountingJob", ()),
    "counts slowly": ("CountingJob", ("--snapshot-ms", "1500")),
    "ends": ("BoundedJob", ()),
    "fails": ("CountingJob", ("--then", "fail")),
    "needs slots": ("CountingJob", ()),
    "throws": ("ThrowsBeforeExecute", ()),
    "throws after execute": ("ThrowsAfterExecute", ()),
    "executes twice": ("ExecutesTwice", ()),
    "fails while stopping": ("CountingJob", ("--then", "fail-on-close")),
    "keeps restarting": ("CountingJob", ("--then", "fail")),
    "takes long to begin": ("SleepsBeforeExecute", ("2500",)),
}
CONFIGURED: dict[str, dict[str, str]] = {
    "fails": {"restart-strategy.type": "none"},
    "keeps restarting": {
        "restart-strategy.type": "fixed-delay",
        "restart-strategy.fixed-delay.attempts": "100",
        "restart-strategy.fixed-delay.delay": "20 s",
    },
}
# Long enough for a test to read a result in, short enough to wait for its end.
SHAPE = LocalClusterShape(rest_store_duration_s=12)
IMPATIENT = RestLimits(run_s=0.5)
PATIENCE_S = 30.0


class RealWorld:
    """The embedded cluster: behaviours are arguments of the Java test jobs."""

    store_duration_s = float(SHAPE.rest_store_duration_s)

    def __init__(self, embedded: EmbeddedCluster, gateway: RestGateway, jar: Path, version: EngineVersion) -> None:
        self.embedded = embedded
        self.rest_gateway = gateway
        self.gateway: FlinkGateway = gateway
        self.jar = jar
        self.cluster = replace(
            CLUSTER,
            url=embedded.ensure_running().rest_url,
            engine_version=version,
            savepoint_dir=embedded.savepoint_dir,
            checkpoint_dir=embedded.checkpoint_dir,
        )

    def submit(self, behaviour: str, flink_job_id: str, restored_from: str | None = None, claim: bool = False) -> None:
        self.gateway.submit(self.cluster, self._make(behaviour, flink_job_id, restored_from, claim))

    def submit_at_once(self, flink_job_id: str, times: int) -> list[FlinkError | None]:
        def submit(_: int) -> FlinkError | None:
            try:
                self.submit("counts", flink_job_id)
            except FlinkError as error:
                return error
            return None

        with ThreadPoolExecutor(times) as pool:
            return list(pool.map(submit, range(times)))

    def submit_impatiently(self, flink_job_id: str) -> None:
        """The client gives up; nothing tells the JobManager so."""
        impatient = FlinkRest(SystemClock(), IMPATIENT)
        try:
            gateway = RestGateway(impatient, self.rest_gateway.sql)
            gateway.submit(self.cluster, self._make("takes long to begin", flink_job_id))
        finally:
            impatient.close()

    def ask(self, path: str, method: str = "GET") -> Any:
        """An answer of the REST interface, as it comes."""
        request = urllib.request.Request(self.cluster.url + path, method=method)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def _make(
        self, behaviour: str, flink_job_id: str, restored_from: str | None = None, claim: bool = False
    ) -> Submission:
        main_class, args = ARGUMENTS[behaviour]
        spec = JobSpec(
            JobType.JAR,
            main_class=main_class,
            args=args,
            parallelism=99 if behaviour == "needs slots" else 1,
            checkpoint_interval=timedelta(seconds=1),
            flink_config=CONFIGURED.get(behaviour, {}),
        )
        return replace(make_submission(flink_job_id, spec, restored_from, claim), jar=self.jar)

    def pass_time(self, seconds: float) -> None:
        time.sleep(seconds)

    def now(self) -> datetime:
        return datetime.now(UTC)

    def order(self, job: str, trigger: str, *, fails: bool = False) -> SavepointOrder:
        # Below a regular file no directory can be made, not even by root.
        directory = f"file://{self.jar}/{trigger}" if fails else self.directory(trigger)
        return SavepointOrder(FlinkJobId(job), trigger, directory)

    def directory(self, trigger: str) -> str:
        return f"{self.cluster.savepoint_dir}/contract/{trigger}"

    def kill_job_manager(self) -> None:
        os.kill(self.embedded.ensure_running().job_manager_pid, signal.SIGKILL)
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline and self._answers():
            time.sleep(0.05)

    def await_job_manager(self) -> None:
        self.cluster = replace(self.cluster, url=self.embedded.ensure_running().rest_url)

    def _answers(self) -> bool:
        try:
            self.gateway.sweep(self.cluster)
        except FlinkError:
            return False
        return True
