"""Advertisements that lead into the chat: noted when somebody comes by one, and where they lead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError

from salesbot import clock
from salesbot.database import db, table
from salesbot.errors import WrongState
from salesbot.models import Advertisement
from salesbot.services import catalog
from salesbot.texts import translator
from salesbot.understanding import fold, is_one_of, is_row_id

_ = translator("salesbot")

KINDS = ("product", "category")
WORDS = "words:"
_AD = table(Advertisement)

# For translators: what WhatsApp and sellers type for whoever taps an advertisement.
MORE_INFO = _(
    "can i get more info on this, hello can i get more info on this, hi can i get more info on this, "
    "can i get more info, hello can i get more info, i want more info, more info, info, "
    "hi i am interested, hello i am interested, i am interested"
)


def arrived(connection: Connection, said: Mapping[str, str], text: str) -> str | None:
    """Notes that somebody came by an advertisement; the choice that it stands for, None for their words.

    Without a word of staff it leads to the product that it names, or else, when `text` only asks for
    more, to the menu.
    """
    target = _note(connection, said)
    if target:
        return target
    named = named_product(said)
    if named is not None:
        return f"product:{named}"
    return "menu" if not text.strip() or is_one_of(text, _(MORE_INFO)) else None


def named_product(said: Mapping[str, str]) -> int | None:
    """The one product whose whole title stands in the headline or text of an advertisement."""
    found = catalog.named_in(said.get("headline", "")) or catalog.named_in(said.get("text", ""))
    return found[0] if len(found) == 1 else None


def suggested(advertisement: Advertisement) -> str:
    """What it is probably for, "" when nothing speaks for anything."""
    named = named_product({"headline": advertisement.headline, "text": advertisement.text})
    if named is not None:
        return f"product:{named}"
    nearest = catalog.nearest_title(f"{advertisement.headline} {advertisement.text}")
    return f"product:{nearest}" if nearest else ""


def seen(limit: int = 50) -> Sequence[Advertisement]:
    """The advertisements that are known, those that nobody has decided about first, then the latest."""
    return db.session.scalars(
        select(Advertisement)
        .order_by(Advertisement.target != "", Advertisement.last_came_at.desc(), Advertisement.id.desc())
        .limit(limit)
    ).all()


def lead(advertisement_id: int, target: str) -> Advertisement:
    """From now on it leads to `target`, such as "product:7", or to nothing special with "". Flush only."""
    found = db.session.get(Advertisement, advertisement_id, with_for_update=True)
    if found is None:
        raise WrongState("this advertisement is not there any more")
    found.target = _checked(target)
    db.session.flush()
    return found


def add(words: str, target: str) -> Advertisement:
    """An advertisement that staff know by its id or its headline before anybody came by it. Flush only."""
    words = " ".join(words.split())
    if not fold(words):
        raise WrongState("type the id or the headline of the advertisement")
    key = _key(words if words.isdecimal() else "", words)
    same = select(Advertisement).where(Advertisement.key == key).with_for_update()
    same = same.execution_options(populate_existing=True)
    found = db.session.scalar(same) or _made(key, "" if words.isdecimal() else words[:500])
    found = found or db.session.scalars(same).one()
    found.target = _checked(target)
    db.session.flush()
    return found


def _made(key: str, headline: str) -> Advertisement | None:
    """A new one; None when somebody came by it, or typed it, at the same moment."""
    fresh = Advertisement(key=key, headline=headline)
    try:
        with db.session.begin_nested():
            db.session.add(fresh)
    except IntegrityError:
        return None
    return fresh


def _checked(target: str) -> str:
    kind, _colon, number = target.partition(":")
    if target and not (kind in KINDS and is_row_id(number)):
        raise WrongState("choose a product or a category")
    return target


def _key(source_id: str, headline: str) -> str:
    return (source_id or f"{WORDS}{fold(headline)}")[:120]


def _note(connection: Connection, said: Mapping[str, str]) -> str:
    """Counts one more that came by it, and where it leads; a new one leads where its headline does."""
    headline = said.get("headline", "")
    key = _key(said.get("source_id", ""), headline)
    by_words = _key("", headline)
    same = select(_AD.c.target).where(_AD.c.key == by_words, _AD.c.target != "")
    known = connection.execute(same).scalar() if headline and by_words != key else None
    upsert = {"sqlite": sqlite, "postgresql": postgresql}[connection.dialect.name].insert
    now = clock.now()
    fresh = upsert(_AD).values(
        key=key,
        headline=headline[:500],
        text=said.get("text", ""),
        url=said.get("url", "")[:500],
        target=known or "",
        came=1,
        last_came_at=now,
        created_at=now,
    )
    told = {"headline": fresh.excluded.headline, "text": fresh.excluded.text, "url": fresh.excluded.url}
    found: str = connection.execute(
        fresh.on_conflict_do_update(
            index_elements=["key"], set_={"came": _AD.c.came + 1, "last_came_at": now, **told}
        ).returning(_AD.c.target)
    ).scalar_one()
    return found
