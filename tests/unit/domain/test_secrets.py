"""What is masked in a text and in a document, and what is left as it was. The log's own cases: `test_logs.py`."""

import pytest

from headgate.domain.secrets import is_secret_key, mask_document, mask_secrets


@pytest.mark.parametrize(
    ("key", "is_secret"),
    [
        ("fs.s3a.Secret.Key", True),
        ("security.kerberos.login.keytab", False),
        ("properties.sasl.jaas.config", True),
        ("aws.credentials.provider", True),
        ("access_key", True),
        ("accesskey", True),
        ("parallelism.default", False),
    ],
)
def test_a_key_is_secret_by_a_word_in_it(key: str, is_secret: bool) -> None:
    assert is_secret_key(key) is is_secret


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        pytest.param("Authorization: Basic dTpw, next", "Authorization: ***, next", id="a header"),
        pytest.param("sent Bearer abcdefgh.ij to it", "sent Bearer *** to it", id="a bearer"),
        pytest.param("s3://key:hush@bucket/dir", "s3://key:***@bucket/dir", id="a password in an address"),
        pytest.param("password=hush&table=t", "password=***&table=t", id="a bare value"),
        pytest.param("'password' = 'it''s hush', 'a' = 'b'", "'password' = '***', 'a' = 'b'", id="in single quotes"),
        pytest.param('{"token": "hush", "a": 1}', '{"token": "***", "a": 1}', id="in double quotes"),
        pytest.param('{\\"token\\": \\"hush\\", 1}', '{\\"token\\": \\"***\\", 1}', id="in escaped quotes"),
        pytest.param("no secret at all", "no secret at all", id="nothing"),
    ],
)
def test_only_the_secret_itself_is_masked(text: str, masked: str) -> None:
    assert mask_secrets(text) == masked


@pytest.mark.parametrize(
    ("document", "masked"),
    [
        pytest.param({"api-key": "hush", "a": "b"}, {"api-key": "***", "a": "b"}, id="the value of a secret key"),
        pytest.param({7: {"token": ["hush"]}}, {7: {"token": "***"}}, id="all that lies below it, at any depth"),
        pytest.param(["--password", "hush", "--a", "b"], ["--password", "***", "--a", "b"], id="the argument after"),
        pytest.param(("--password=hush", "b"), ["--password=***", "b"], id="an argument with its value"),
        pytest.param(["password", "b"], ["password", "b"], id="a word that is no option"),
        pytest.param([7, "b"], [7, "b"], id="a number is no name"),
        pytest.param("password=hush", "password=***", id="a text"),
        pytest.param(7, 7, id="a number"),
        pytest.param(None, None, id="nothing"),
    ],
)
def test_a_document_keeps_its_form(document: object, masked: object) -> None:
    assert mask_document(document) == masked
