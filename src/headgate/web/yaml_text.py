"""YAML as it comes in and goes out: plain data only, every key once, no aliases, faults with their place.

An alias can make a small text stand for a huge document, and a repeated key hides one of its values;
a specification needs neither.
"""

from typing import Any

import yaml

from headgate.bounded_yaml import BoundedLoader
from headgate.domain.errors import Invalid, Problem

YAML_TYPE = "application/yaml"


class _Refused(yaml.MarkedYAMLError):
    """A construct of YAML that is not taken; `context` is the code."""


class _Loader(BoundedLoader):
    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise _Refused("yaml_alias", problem_mark=self.get_mark())
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    raise _Refused("yaml_key_twice", problem=key.value, problem_mark=key.start_mark)
                seen.add(key.value)
        return super().construct_mapping(node, deep)


class _Dumper(yaml.SafeDumper):
    """Texts of several lines as blocks, so that SQL stays readable."""


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style)


_Dumper.add_representer(str, _represent_text)


def read_yaml(text: bytes) -> Any:
    """The data of a YAML document. Invalid("yaml_invalid") with line and column."""
    try:
        # A loader of ours, restricted further than the safe one that it is made of.
        return yaml.load(text.decode("utf-8"), Loader=_Loader)
    except UnicodeDecodeError as error:
        raise _refuse(Problem("", "text_not_utf8", (("reason", error.reason),))) from None
    except _Refused as refused:
        raise _refuse(_place(refused, str(refused.context), (("key", str(refused.problem or "")),))) from None
    except yaml.MarkedYAMLError as error:
        raise _refuse(_place(error, "yaml_fault", (("fault", error.problem or ""),))) from None
    except yaml.YAMLError as error:
        raise _refuse(Problem("", "yaml_fault", (("fault", str(error)),))) from None
    except (RecursionError, ValueError) as error:
        # Nested deeper than anybody writes, or a number in a form that only looks like one.
        raise _refuse(Problem("", "yaml_fault", (("fault", str(error)),))) from None


def write_yaml(data: Any) -> str:
    return yaml.dump(data, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=120)


def _place(error: yaml.MarkedYAMLError, code: str, facts: tuple[tuple[str, str], ...]) -> Problem:
    mark = error.problem_mark
    if mark is None:
        return Problem("", code, facts)
    return Problem("", code, facts, line=mark.line + 1, column=mark.column + 1)


def _refuse(problem: Problem) -> Invalid:
    return Invalid("yaml_invalid", problems=[problem])
