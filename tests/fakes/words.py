"""Flink's texts as the fake says them: shortened from recorded answers, the telling words kept."""

from headgate.domain.instances import FlinkStatus

REFUSED = "Connection refused"
TIMED_OUT = "The read operation timed out"
LOST = "Connection reset by peer"
ELECTION = "Service temporarily unavailable due to an ongoing leader election. Please refresh."
MAIN_THREW = "org.apache.flink.client.program.ProgramInvocationException: The main method caused an error: on purpose"
START_FAILED = (
    "org.apache.flink.runtime.JobException: Recovery is suppressed by NoRestartBackoffTimeStrategy\n"
    "Caused by: java.lang.IllegalStateException: on purpose"
)
TASKS_NOT_RUNNING = (
    "org.apache.flink.runtime.checkpoint.CheckpointException: Checkpoint triggering task of job is not being "
    "executed at the moment. Aborting checkpoint. Failure reason: Not all required tasks are currently running."
)
SAVEPOINT_FAILED = (
    "org.apache.flink.runtime.checkpoint.CheckpointException: Could not create the checkpoint storage location. "
    "Caused by: java.io.IOException: Failed to create savepoint directory"
)
SAVEPOINT_KILLED = "org.apache.flink.runtime.checkpoint.CheckpointException: Checkpoint Coordinator is suspending."
STOP_BROKEN = (
    "org.apache.flink.runtime.scheduler.stopwithsavepoint.StopWithSavepointStoppingException: "
    "Stop-with-savepoint failed: another stop arrived"
)


def duplicate(flink_job_id: str) -> str:
    return (
        "org.apache.flink.runtime.client.DuplicateJobSubmissionException: "
        f"Job has already been submitted. (JobID: {flink_job_id})"
    )


def job_missing(flink_job_id: str) -> str:
    return f"org.apache.flink.runtime.messages.FlinkJobNotFoundException: Could not find Flink job ({flink_job_id})"


def restore_path_missing(path: str) -> str:
    return (
        "org.apache.flink.runtime.client.JobInitializationException: Could not start the JobMaster. Caused by: "
        f"java.io.FileNotFoundException: Cannot find checkpoint or savepoint file/directory '{path}'"
    )


def already_ended(status: FlinkStatus) -> str:
    return f"Job cancellation failed because the job has already reached another terminal state ({status})."


def job_ended(status: FlinkStatus) -> str:
    return f"org.apache.flink.runtime.checkpoint.CheckpointException: The job has failed or ended ({status})."


def failed_while_stopping(location: str) -> str:
    return f"A savepoint has been created at: {location}, but the corresponding job failed during stopping."
