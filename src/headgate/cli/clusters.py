"""`headgate cluster`: register, check and remove clusters; end the embedded one."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from headgate.cli import columns
from headgate.cli.client import Document
from headgate.cli.options import COMMON, Common, Sure
from headgate.cli.render import Output
from headgate.cli.rephrasing import rephrase
from headgate.cli.session import AnsweredAlready, Declined, Session, make_screen, open_session
from headgate.domain.errors import Invalid, NotFound, Unavailable

app = App(name="cluster", help="Register, check and remove Flink clusters.")

ClusterName = Annotated[str, Parameter(help="Name or id of the cluster.")]
LOCAL_CLUSTER = "local"
# Flink's own words for a job that is over.
_ENDED = frozenset({"FINISHED", "CANCELED", "FAILED", "SUSPENDED"})


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class ClusterOptions:
    """What else is known of a cluster."""

    savepoint_dir: Annotated[
        str | None, Parameter(name="--savepoint-dir", help="Where its jobs keep savepoints, as a URI.")
    ] = None
    checkpoint_dir: Annotated[
        str | None, Parameter(name="--checkpoint-dir", help="Where its jobs keep checkpoints, as a URI.")
    ] = None
    region: Annotated[str | None, Parameter(name="--region", help="Region that it is in.")] = None
    zone: Annotated[str | None, Parameter(name="--zone", help="Zone that it is in.")] = None


@app.command
def add(
    name: Annotated[str, Parameter(help="Name of the cluster.")],
    /,
    *,
    url: Annotated[str, Parameter(name="--url", help="Address of its JobManager's REST interface.")],
    flink_version: Annotated[str, Parameter(name="--flink-version", help="Flink version that it runs.")],
    options: ClusterOptions = ClusterOptions(),
    common: Common = COMMON,
) -> None:
    """Register a session cluster by its JobManager's address."""
    body = {
        "name": name,
        "kind": "SESSION",
        "url": url,
        "engine_version": flink_version,
        "savepoint_dir": options.savepoint_dir,
        "checkpoint_dir": options.checkpoint_dir,
        "region": options.region,
        "zone": options.zone,
    }
    with open_session(common) as session:
        given = {field: value for field, value in body.items() if value is not None}
        session.screen.show_record(columns.CLUSTER, session.client.post("/clusters", given))


@app.command(name="list")
def list_clusters(*, common: Common = COMMON) -> None:
    """List the registered clusters and whether they answer."""
    with open_session(common) as session:
        rows = list(session.client.iterate("/clusters", 10_000))
        session.screen.show_rows(columns.CLUSTERS, [_explain(session, row) for row in rows])


@app.command
def show(cluster: ClusterName, /, *, common: Common = COMMON) -> None:
    """Show one cluster."""
    with open_session(common) as session:
        found = session.client.get(f"/clusters/{session.get_cluster(cluster)['id']}")
        session.screen.show_record(columns.CLUSTER, _explain(session, found))


@app.command
def check(cluster: ClusterName, /, *, common: Common = COMMON) -> None:
    """Ask a cluster now what it is and whether it can be used."""
    with open_session(common) as session:
        found = session.get_cluster(cluster)
        result = session.client.post(f"/clusters/{found['id']}/check")
        # What could not be asked is unknown, not none.
        unknown = (
            {} if result["ok"] or session.screen.output is not Output.TABLE else {"live_jobs": None, "slots": None}
        )
        session.screen.show_record(columns.CLUSTER_CHECK, {**result, **unknown})
        if not result["ok"]:
            problem = result.get("problem") or {}
            cause = str(problem.get("cause") or result.get("cause") or "")
            facts = {"cluster": found["name"], "text": problem.get("message", "")}
            facts["advice"] = rephrase(problem.get("advice", ""))
            raise AnsweredAlready("cluster_check_failed", cause=cause, **facts)


@app.command
def remove(cluster: ClusterName, /, *, common: Common = COMMON) -> None:
    """Forget a registered cluster; refused while a job may still run there."""
    with open_session(common) as session:
        found = session.get_cluster(cluster)
        session.client.delete(f"/clusters/{found['id']}", found.get("revision"))
        session.screen.show_done("cluster_removed", cluster=found["name"])


@app.command
def stop(
    cluster: Annotated[str, Parameter(help="The embedded cluster, always: local.")],
    /,
    *,
    data: Annotated[Path | None, Parameter(name="--data", help="Data folder of the server that started it.")] = None,
    is_sure: Sure = False,
    common: Common = COMMON,
) -> None:
    """End the embedded Flink of a data folder, with all jobs on it."""
    from headgate.cli import local

    screen = make_screen(common)
    if cluster != LOCAL_CLUSTER:
        raise Invalid("cluster_not_ours", cluster=cluster)
    folder = local.load(data_dir=data).data_dir
    if not folder.is_dir():
        raise NotFound("data_folder_unknown", folder=folder)
    url = local.find_local_cluster(folder)
    jobs = _list_running(url) if url is not None else []
    if jobs:
        screen.note("jobs_end_with_cluster", jobs=", ".join(jobs))
        if not is_sure and not screen.confirm("stop_sure"):
            raise Declined("nothing_done")
    ended = local.stop_local_cluster(folder)
    screen.show_done("cluster_stopped" if ended else "cluster_was_not_running", folder=folder)


def _explain(session: Session, cluster: Document) -> Document:
    """With why it cannot be used, in the table form: what stands in the way, else the words of the failure."""
    reach = cluster.get("reachability") or {}
    if session.screen.output is not Output.TABLE or reach.get("state") != "UNREACHABLE":
        return cluster
    problem = cluster.get("problem") or {}
    return {**cluster, "why_silent": rephrase(problem.get("message") or cluster.get("cause") or "")}


def _list_running(flink_url: str) -> list[str]:
    """The names of the jobs that run on a Flink, as it says itself; empty where it does not answer."""
    from headgate.cli.client import fetch_json

    try:
        jobs = fetch_json(f"{flink_url}/jobs/overview")["jobs"]
        return sorted(str(job["name"]) for job in jobs if job["state"] not in _ENDED)
    except (Unavailable, KeyError, TypeError):
        return []
