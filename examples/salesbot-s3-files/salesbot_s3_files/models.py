"""What the last look at the storage found."""

from datetime import datetime

from sqlalchemy import JSON
from sqlalchemy.orm import Mapped, mapped_column

from salesbot import now
from salesbot.models import BigId, UTCDateTime, db


class Check(db.Model):
    """One look; `problems` are sentences for staff, none when all is well."""

    __tablename__ = "s3_files_check"
    __admin__ = {
        "many": "Looks at the storage",
        "one": "look at the storage",
        "in_menu": False,
        "creates": False,
        "edits": False,
        "deletes": False,
    }

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    problems: Mapped[list[str]] = mapped_column(JSON)
    at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)

    def __str__(self):
        return f"{self.at:%Y-%m-%d %H:%M}"
