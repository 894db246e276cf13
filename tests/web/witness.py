"""Holds answers against the OpenAPI document: what an endpoint answers, it must have declared."""

import re
from typing import Any

import httpx2

from headgate.domain.catalogue import texts
from headgate.web.declared import ALWAYS, CODES
from headgate.web.errors import PROBLEM_TYPE

# These are refused before any endpoint is found, so none can declare them.
WITHOUT_ENDPOINT = frozenset({"route_not_found", "method_not_allowed"})
ANYWHERE = WITHOUT_ENDPOINT.union(*ALWAYS.values())


class Witness:
    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self._endpoints: list[tuple[str, re.Pattern[str], dict[str, Any]]] = [
            (method.upper(), re.compile(re.sub(r"\{\w+\}", "[^/]+", path)), entry)
            for path, methods in document["paths"].items()
            for method, entry in methods.items()
        ]

    def hold_against(self, response: httpx2.Response) -> None:
        """AssertionError for an answer that is not declared or has the wrong shape."""
        response.read()
        declared = self._find(response.request)
        if response.request.method == "HEAD":
            assert response.content == b""
            return
        if response.status_code >= 400 and response.request.url.path != "/readyz":
            self._check_problem(response, declared)
        elif declared is not None:
            statuses = list(declared["responses"])
            assert str(response.status_code) in statuses

    def _check_problem(self, response: httpx2.Response, declared: dict[str, Any] | None) -> None:
        assert response.headers["content-type"] == PROBLEM_TYPE
        problem = response.json()
        assert {"type", "title", "status", "detail", "code", "hint", "problems", "request_id"} <= set(problem)
        assert problem["status"] == response.status_code
        assert problem["request_id"] == response.headers["x-request-id"]
        codes = [problem["code"], *(part["code"] for part in problem["problems"])]
        for code in codes:
            assert code in texts(), f"{code} has no words"
        assert "?" not in problem["detail"] + "".join(part["message"] for part in problem["problems"]), problem
        if declared is None:
            assert problem["code"] in ANYWHERE
        elif problem["code"] not in WITHOUT_ENDPOINT:
            codes = _list_codes(declared, response.status_code)
            assert problem["code"] in codes, f"{response.status_code} {problem['code']} is not declared"

    def _find(self, request: httpx2.Request) -> dict[str, Any] | None:
        for method, pattern, entry in self._endpoints:
            if method == request.method and pattern.fullmatch(request.url.path):
                return entry
        return None


def _list_codes(declared: dict[str, Any], status: int) -> list[str]:
    answer = declared["responses"].get(str(status), {})
    return list(answer.get(CODES, ()))
