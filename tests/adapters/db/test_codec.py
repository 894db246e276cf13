"""Every record that is kept in one column comes back equal from its JSON text."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.adapters.db.codec import codec_of
from headgate.domain.instances import Absence
from headgate.domain.jobs import Warning
from headgate.domain.lifecycle import Verb
from headgate.domain.operations import Finding, OperationId, Options, RestoreFrom, Step, StepName
from headgate.domain.recovery import Recovery

RECORDS: tuple[Any, ...] = (Options, Finding, Warning, Absence, Recovery, tuple[Step, ...], dict[str, str])
MOMENTS = st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=8))]))


@pytest.mark.parametrize("kind", RECORDS, ids=str)
@given(data=st.data())
@settings(max_examples=50)
def test_a_record_comes_back_equal(kind: Any, data: st.DataObject) -> None:
    st.register_type_strategy(datetime, MOMENTS)
    record = data.draw(st.from_type(kind))
    codec = codec_of(kind)
    assert codec.decode(json.loads(json.dumps(codec.encode(record)))) == record


def test_the_stored_form_is_readable_and_complete() -> None:
    stored = codec_of(Options).encode(Options(restore_from=RestoreFrom.LATEST))
    assert stored["restore_from"] == "LATEST"
    assert stored["force"] is False, "a default that changes later must not change what was asked for"


def test_fields_may_come_and_go_between_releases() -> None:
    decode = codec_of(Step).decode
    assert decode({"name": "submit", "forgotten": 1}) == Step(StepName.SUBMIT)


def test_a_missing_field_without_default_is_refused() -> None:
    with pytest.raises(TypeError):
        codec_of(Finding).decode({})


def test_a_kind_without_a_form_in_json_is_refused_when_the_codec_is_made() -> None:
    @dataclass(frozen=True)
    class Odd:
        anything: object

    with pytest.raises(TypeError, match="object"):
        codec_of(Odd)


def test_a_name_for_a_text_is_kept_as_text() -> None:
    assert codec_of(OperationId).encode(OperationId("op-1")) == "op-1"
    assert codec_of(Verb).decode("run") is Verb.RUN
