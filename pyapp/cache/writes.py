"""The outermost layer of the writes: reports each writer to the cache and the standby, so that it reads its own writes."""

from __future__ import annotations

from pyapp.cache.answers import Answers
from pyapp.database.commands import Command, Commands, Result
from pyapp.database.standby import Standby


class Noted:
    """One per process. `standby`: None if no reads go to a standby."""

    def __init__(self, inner: Commands, answers: Answers, standby: Standby | None) -> None:
        self._inner = inner
        self._answers = answers
        self._standby = standby

    async def execute(self, command: Command) -> list[Result]:
        standby, subject = self._standby, command.identity.subject
        if standby is not None:
            standby.writing(command.identity)
        try:
            results = await self._inner.execute(command)
        finally:
            self._answers.wrote(subject)
        if standby is None:
            return results
        position = standby.wrote(command.identity)
        return [result._replace(position=position) for result in results]
