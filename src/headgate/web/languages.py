"""Which language a request is answered in: the best of Accept-Language that the catalogue has."""

from typing import Annotated

from fastapi import Depends, Request

from headgate.domain.catalogue import Language

_QUALITY = "q="


def choose_language(accepted: str | None, otherwise: Language) -> Language:
    """The language with the highest quality in an Accept-Language header; the first of equals."""
    best, best_quality = otherwise, 0.0
    for part in (accepted or "").split(","):
        tag, *parameters = (piece.strip().lower() for piece in part.split(";"))
        language = next((known for known in Language if tag == known or tag.startswith(f"{known}-")), None)
        quality = _read_quality(parameters)
        if language is not None and quality > best_quality:
            best, best_quality = language, quality
    return best


def _read_quality(parameters: list[str]) -> float:
    for parameter in parameters:
        if parameter.startswith(_QUALITY):
            try:
                return float(parameter.removeprefix(_QUALITY))
            except ValueError:
                return 0.0
    return 1.0


def get_language(request: Request) -> Language:
    default = request.app.state.services.context.settings.language
    return choose_language(request.headers.get("accept-language"), default)


Spoken = Annotated[Language, Depends(get_language)]
