"""What the mutation run found, as a text: how many changes of the code the tests noticed, and every one they did not.

mutmut makes the changes and runs the tests; its results lie in `mutants/`. Here they are counted and told.
A change that is no fault has its reason in `tools/survivors.toml`; it counts as survived all the same.
"""

import ast
import difflib
import re
import subprocess
import sys
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tools.sources import ROOT

SOURCES = ROOT / "mutants" / "src"
REASONS = ROOT / "tools" / "survivors.toml"
LEAST = 85.0
_RESULT = re.compile(r"\s*(?P<module>[\w.]+)\.(?P<function>x[\wǁ]+)__mutmut_(?P<number>\d+): (?P<status>[\w ]+)$")
# A change that makes the tests hang was noticed too.
_NOTICED = frozenset({"killed", "timeout", "suspicious", "segfault"})
_UNCHECKED = "not checked"


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change: in which function it is, and what became of it."""

    module: str
    function: str
    number: int
    status: str

    @property
    def is_noticed(self) -> bool:
        return self.status in _NOTICED

    @property
    def place(self) -> str:
        """The function as people name it: `headgate.reconciler.loop.Loop.run`."""
        return f"{self.module}.{self.function.removeprefix('xǁ').removeprefix('x_').replace('ǁ', '.')}"


def list_mutants() -> list[Mutant]:
    """Every change that was tried."""
    told = subprocess.run(
        [sys.executable, "-m", "mutmut", "results", "--all", "true"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    found = [match for line in told.stdout.splitlines() if (match := _RESULT.match(line))]
    made = [Mutant(m["module"], m["function"], int(m["number"]), m["status"]) for m in found]
    return [mutant for mutant in made if mutant.status != _UNCHECKED]


def write_report(mutants: list[Mutant]) -> Iterator[str]:
    """The lines of the report: a row for each module, then the survivors with their reasons."""
    modules: defaultdict[str, Counter[bool]] = defaultdict(Counter)
    for mutant in mutants:
        modules[mutant.module][mutant.is_noticed] += 1
    for module, counts in sorted(modules.items()):
        yield f"{module:44} {_count(counts)}"
    yield f"{'all':44} {_count(Counter(mutant.is_noticed for mutant in mutants))}"
    reasons = read_reasons()
    survivors = [(mutant, show_change(mutant)) for mutant in mutants if not mutant.is_noticed]
    explained = sum(reasons.find(mutant.place, change) is not None for mutant, change in survivors)
    yield f"{len(survivors)} survived; of these {explained} have a reason why they are no fault, and still count"
    for mutant, change in survivors:
        yield f"\n{mutant.place} ({mutant.status})"
        yield from (f"    {line}" for line in change)
        yield f"    reason: {reasons.find(mutant.place, change) or 'none yet'}"


@dataclass(frozen=True, slots=True)
class Reasons:
    """Why changes are no faults: one by its function and what it becomes, or a class of them by a pattern."""

    single: dict[tuple[str, str], str]
    classes: tuple[tuple[re.Pattern[str], str], ...]

    def find(self, place: str, change: list[str]) -> str | None:
        added = " ".join(line[1:].strip() for line in change if line.startswith("+"))
        told = "\n".join(line[:1] + line[1:].strip() for line in change)
        by_class = (reason for pattern, reason in self.classes if pattern.search(told))
        return self.single.get((place, added)) or next(by_class, None)


def read_reasons() -> Reasons:
    """What `tools/survivors.toml` says."""
    entries = tomllib.loads(REASONS.read_text(encoding="utf-8"))
    return Reasons(
        {(entry["function"], entry["becomes"]): entry["reason"] for entry in entries.get("survivor", [])},
        tuple((re.compile(entry["change"], re.MULTILINE), entry["reason"]) for entry in entries.get("class", [])),
    )


def show_change(mutant: Mutant) -> list[str]:
    """The lines that differ, with `-` and `+`."""
    functions = _functions(mutant.module)
    before = functions[f"{mutant.function}__mutmut_orig"]
    after = functions[f"{mutant.function}__mutmut_{mutant.number}"]
    changed = difflib.unified_diff(before, after, n=0, lineterm="")
    return [line for line in changed if line[:1] in "+-" and line[:3] not in ("+++", "---")]


@cache
def _functions(module: str) -> dict[str, list[str]]:
    """The bodies of all variants of all functions of a module, without the line that names them."""
    place = SOURCES / Path(*module.split("."))
    file = place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
    text = file.read_text(encoding="utf-8")
    lines = text.splitlines()
    return {
        node.name: [line.replace(node.name, "") for line in lines[node.lineno - 1 : node.end_lineno]]
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef) and "__mutmut_" in node.name
    }


def _count(counts: Counter[bool]) -> str:
    return f"{counts[True]:5} killed {counts[False]:5} survived {100 * counts[True] / max(1, counts.total()):6.1f} %"


def main() -> int:
    """Print the report; 1 where fewer than `LEAST` per cent were noticed."""
    mutants = list_mutants()
    print("\n".join(write_report(mutants)))
    noticed = sum(mutant.is_noticed for mutant in mutants)
    return 0 if 100 * noticed >= LEAST * len(mutants) else 1


if __name__ == "__main__":
    sys.exit(main())
