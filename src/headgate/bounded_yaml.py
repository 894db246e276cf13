"""YAML within bounds: what a person writes is read, what would only stop the reader is a fault with its place.

Both who reads job files (the command line) and who reads drafts (the web) start from this loader.
What else either of them refuses is not here.
"""

from typing import Any

import yaml

# In hexadecimal form a number may be larger than Python will write out again.
_NUMBER_BITS = 64
_DEPTH = 64  # levels of brackets; a specification has three


class BoundedLoader(yaml.SafeLoader):
    """The safe loader, with a yaml.MarkedYAMLError for deep brackets, vast numbers and days that do not exist."""

    def fetch_flow_collection_start(self, token: type[yaml.Token]) -> None:
        # The scanner looks at every open bracket again for each character: a few thousand take minutes.
        if self.flow_level >= _DEPTH:
            raise yaml.MarkedYAMLError(problem="brackets are nested too deep", problem_mark=self.get_mark())
        super().fetch_flow_collection_start(token)


def _construct_int(loader: BoundedLoader, node: yaml.ScalarNode) -> int:
    number: int = loader.construct_yaml_int(node)
    if number.bit_length() > _NUMBER_BITS:
        raise yaml.MarkedYAMLError(problem="the number is too large", problem_mark=node.start_mark)
    return number


def _construct_timestamp(loader: BoundedLoader, node: yaml.ScalarNode) -> Any:
    try:
        return loader.construct_yaml_timestamp(node)
    except ValueError as error:
        raise yaml.MarkedYAMLError(problem=str(error), problem_mark=node.start_mark) from None


BoundedLoader.add_constructor("tag:yaml.org,2002:int", _construct_int)
BoundedLoader.add_constructor("tag:yaml.org,2002:timestamp", _construct_timestamp)
