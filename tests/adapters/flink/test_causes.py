"""Causes are kept: short, and without the secrets that Flink repeats from a job's options."""

from headgate.adapters.flink.causes import MAX_CAUSE, shorten_cause
from headgate.adapters.flink.sql.errors import JavaCause, describe

TOLD = "Unable to create a sink.\nTable options are:\n\n'connector'='jdbc'\n's3.secret-key'='hunter22'\n'url'='x://u:pw1@h'"


def test_a_cause_is_kept_without_the_secrets_in_it() -> None:
    for kept in (shorten_cause(TOLD), describe([JavaCause("a.ValidationException", TOLD)])):
        assert "hunter22" not in kept
        assert "pw1" not in kept
        assert "'s3.secret-key'='***'\n'url'='x://u:***@h'" in kept
        assert "'connector'='jdbc'" in kept


def test_a_secret_at_the_cut_is_masked_before_the_cut() -> None:
    text = "x " * (MAX_CAUSE // 4 - 4) + "password='hunter22'" + " y" * MAX_CAUSE
    assert "hunter" not in shorten_cause(text)
