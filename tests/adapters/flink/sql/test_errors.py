"""What an exception of Flink's client means for a submission."""

import pytest

from headgate.adapters.flink.sql.errors import JavaCause, classify_submission, describe
from headgate.domain.errors import FlinkOutcomeUnknown, FlinkRejected, FlinkUnavailable

API = "org.apache.flink.table.api."
CLIENT = "org.apache.flink.runtime.client."
REST = "org.apache.flink.runtime.rest.util.RestClientException"
NETTY = "org.apache.flink.shaded.netty4.io.netty.channel."
PLANNER = (JavaCause(API + "ValidationException", "Unable to create a sink"), JavaCause("java.io.IOException", "no"))
SENT = (
    JavaCause(API + "TableException", "Failed to execute sql"),
    JavaCause("org.apache.flink.util.FlinkException", "Failed to execute job 'x'."),
)
REFUSED = (*SENT, JavaCause(CLIENT + "JobSubmissionException", "Failed to submit ExecutionPlan."))


@pytest.mark.parametrize(
    ("causes", "expected"),
    [
        pytest.param(PLANNER, None, id="planner"),
        pytest.param((*REFUSED, JavaCause(REST, "bad request", status=400)), FlinkRejected, id="400"),
        pytest.param((*REFUSED, JavaCause(REST, "too large", status=413)), FlinkRejected, id="413"),
        pytest.param(
            (*REFUSED, JavaCause(REST, f"<Exception: {CLIENT}DuplicateJobSubmissionException: x", status=500)),
            FlinkRejected,
            id="500 with a duplicate",
        ),
        pytest.param((*REFUSED, JavaCause(REST, "Internal server error.", status=500)), FlinkOutcomeUnknown, id="500"),
        pytest.param((*REFUSED, JavaCause(REST, "not ready", status=503)), FlinkOutcomeUnknown, id="503"),
        pytest.param(
            (*REFUSED, JavaCause(REST, "Response was rubbish", status=999)), FlinkOutcomeUnknown, id="rubbish"
        ),
        pytest.param(
            (*REFUSED, JavaCause(NETTY + "AbstractChannel$AnnotatedConnectException", "Connection refused: /h:1")),
            FlinkOutcomeUnknown,
            id="connection refused",
        ),
        pytest.param(
            (*REFUSED, JavaCause("org.apache.flink.runtime.rest.ConnectionIdleException", "idle")),
            FlinkOutcomeUnknown,
            id="never answered",
        ),
        pytest.param(
            (*SENT, JavaCause("java.lang.RuntimeException", "lost while the job was initialised")),
            FlinkOutcomeUnknown,
            id="lost after acceptance",
        ),
        pytest.param(
            (*SENT, JavaCause(CLIENT + "JobInitializationException", "Could not start the JobMaster.")),
            FlinkRejected,
            id="not initialised",
        ),
        pytest.param(
            (SENT[0], JavaCause("java.net.UnknownHostException", "h: Name or service not known")),
            FlinkUnavailable,
            id="unknown host",
        ),
    ],
)
def test_a_failed_submission_is_classified(causes: tuple[JavaCause, ...], expected: type | None) -> None:
    found = classify_submission(causes)
    assert (type(found) if found else None) is expected
    assert found is None or causes[-1].message in found.cause


def test_only_a_duplicate_is_called_one() -> None:
    message = f"{CLIENT}DuplicateJobSubmissionException: Job has already been submitted."
    duplicate = classify_submission((*REFUSED, JavaCause(REST, message, status=500)))
    assert isinstance(duplicate, FlinkRejected)
    assert duplicate.is_duplicate
    other = classify_submission((*REFUSED, JavaCause(REST, "bad request", status=400)))
    assert isinstance(other, FlinkRejected)
    assert not other.is_duplicate


def test_a_description_says_each_thing_once() -> None:
    causes = [
        JavaCause("a.B", "SQL validation failed. SQL validation failed. No x"),
        JavaCause("a.B", "SQL validation failed. No x"),
        JavaCause("a.C", ""),
        JavaCause("a.D", "because of y"),
    ]
    assert describe(causes) == "No x\nbecause of y"
    assert describe([JavaCause("a.NullPointerException", "")]) == "NullPointerException"
