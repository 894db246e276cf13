"""Which part of a list is asked for."""

from typing import Annotated

from fastapi import Depends, Query

from headgate.services.pages import DEFAULT_LIMIT, MAX_LIMIT, Window


def read_window(
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT,
    cursor: Annotated[str | None, Query(description="The `next_cursor` of the page before.", max_length=2000)] = None,
) -> Window:
    return Window(limit, cursor)


Shown = Annotated[Window, Depends(read_window)]
