"""Rows that are numbered as time goes: where a moment is in a large table, without an index for it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import case, func, literal, select
from sqlalchemy.orm import InstrumentedAttribute

from salesbot.database import db


def last_before(
    moment: datetime, number: InstrumentedAttribute[int], at: InstrumentedAttribute[datetime]
) -> int:
    """The number of the last row that was made before `moment`, 0 when there is none.

    One statement, in which the database halves the numbers in question some twenty times. An index
    on the time of messages would cost something with each of them.
    """
    largest = select(func.coalesce(func.max(number), 0)).scalar_subquery()
    span = select(literal(0, number.type).label("low"), largest.label("high")).cte("span", recursive=True)
    middle = (span.c.low + span.c.high) // 2

    def following(column: Any) -> Any:
        found = select(column).where(number > middle).order_by(number).limit(1)
        return found.scalar_subquery()

    late = following(at) >= literal(moment, at.type)
    low = case((late, span.c.low), else_=following(number))
    high = case((late, middle), else_=span.c.high)
    span = span.union_all(select(low, high).where(span.c.low < span.c.high))
    return db.session.scalar(select(span.c.low).where(span.c.low >= span.c.high)) or 0
