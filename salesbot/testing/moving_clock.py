"""A clock that tests can move."""

from __future__ import annotations

from datetime import datetime, timedelta

from salesbot import clock


class MovingClock:
    """The shop's clock, as far as this process goes."""

    def now(self) -> datetime:
        """What time the shop thinks it is, in UTC."""
        return clock.now()

    def move(self, by: timedelta | None = None, **how_far: float) -> None:
        """Moves it on: `move(hours=25)`, or `move(timedelta(days=1))`; with less than 0, back."""
        clock.move((by or timedelta()) + timedelta(**how_far))

    def reset(self) -> None:
        """Puts it right again."""
        clock.reset()
