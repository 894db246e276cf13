"""Pages for people who come with a browser: what this server is, and every endpoint on one page.

Made from the OpenAPI document without a script or a file from anywhere else, so they work offline.
"""

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from headgate.domain.catalogue import Language, message

_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1c2733}"
    "code{background:#eef2f6;padding:.1em .3em;border-radius:3px}h2{margin-top:2rem}dt{margin-top:1rem}"
    "dd{margin:.2rem 0 0 1.5rem}ul{margin:.2rem 0}.m{display:inline-block;min-width:4.5em;font-weight:600}"
)


def list_links(version: str, language: Language) -> dict[str, str]:
    """What this is and where the documents are."""
    return {
        "name": "Headgate",
        "version": version,
        "description": message("front_description", {}, language),
        "api": "/api/v1",
        "openapi": "/api/v1/openapi.json",
        "documentation": "/api/v1/docs",
        "health": "/healthz",
        "readiness": "/readyz",
        "metrics": "/metrics",
    }


def write_front_page(links: Mapping[str, str]) -> str:
    """The same as a page."""
    items = "".join(
        f'<li>{escape(name)}: <a href="{escape(link)}">{escape(link)}</a></li>'
        for name, link in links.items()
        if link.startswith("/")
    )
    body = f"<h1>Headgate {escape(links['version'])}</h1><p>{escape(links['description'])}</p><ul>{items}</ul>"
    return _write_page("Headgate", body)


def write_api_page(document: Mapping[str, Any], language: Language) -> str:
    """Every endpoint with its answers."""
    intro = escape(message("front_documents", {}, language))
    link = '<a href="/api/v1/openapi.json">/api/v1/openapi.json</a>'
    entries = "".join(_write_entry(*entry) for entry in _list_entries(document))
    return _write_page("Headgate API", f"<h1>Headgate API</h1><p>{intro} {link}</p><dl>{entries}</dl>")


def _list_entries(document: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, entry in methods.items():
            yield method.upper(), path, entry


def _write_entry(method: str, path: str, entry: Mapping[str, Any]) -> str:
    answers = "".join(
        f"<li>{escape(status)}: {escape(answer['description'])}</li>" for status, answer in entry["responses"].items()
    )
    text = escape(entry.get("description", ""))
    head = f'<dt><span class="m">{escape(method)}</span> <code>{escape(path)}</code></dt>'
    return f"{head}<dd>{text}<ul>{answers}</ul></dd>"


def _write_page(title: str, body: str) -> str:
    return (
        f'<!doctype html><html><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{_STYLE}</style></head><body>{body}</body></html>"
    )
