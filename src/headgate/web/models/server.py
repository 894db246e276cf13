"""What the server says of itself."""

from headgate.domain.catalogue import Language
from headgate.services.health import Check
from headgate.web.models.shapes import Shown
from headgate.web.wording import advise, say


class MeModel(Shown):
    name: str
    token_id: str
    workspaces: list[str]


class HealthModel(Shown):
    status: str
    version: str


class CheckView(Shown):
    """One thing that must be well."""

    name: str
    ok: bool
    code: str | None
    message: str
    advice: str

    @classmethod
    def of(cls, check: Check, language: Language) -> "CheckView":
        finding = check.finding
        return cls(
            name=check.name,
            ok=check.is_ok,
            code=finding.code if finding else None,
            message=say(finding.code, finding.facts, language) if finding else "",
            advice=advise(finding.code, finding.facts, language) if finding else "",
        )


class ReadinessModel(Shown):
    ready: bool
    checks: list[CheckView]
