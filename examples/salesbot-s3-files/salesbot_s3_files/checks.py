"""Whether buyers would get their files now: the settings, the storage, and each product's file."""

from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from sqlalchemy import delete, select

from salesbot import transaction
from salesbot.models import Product, db
from salesbot_s3_files import storage
from salesbot_s3_files.models import Check
from salesbot_s3_files.pages import KIND


def look():
    """What is to be put right, each in a sentence for staff. Asks the storage; never in a turn."""
    products = db.session.execute(
        select(Product.title, Product.options)
        .where(Product.kind == KIND, Product.active)
        .order_by(Product.id)
    ).all()
    db.session.rollback()  # nobody waits for this while the storage takes its time
    try:
        storage.minutes()
        storage.look_inside()
    except (storage.Wrong, storage.Away) as exc:
        return [f"Settings: {exc}."]
    problems, found = [], None
    for title, options in products:
        try:
            found = storage.file_of(options or {})
            storage.size_of(found)
        except (storage.Wrong, storage.Away) as exc:
            found = None
            problems.append(f"{title}: {exc}.")
    if found and not problems and (why := _as_a_buyer(found)):
        problems.append(f"A buyer can't load a file: {why}.")
    return problems


def _as_a_buyer(name):
    """Why the address that a buyer is sent to does not open; "" when it does. One byte is loaded."""
    try:
        asked = Request(storage.address_of(name), headers={"Range": "bytes=0-0"})  # noqa: S310 - made by boto3
        with urlopen(asked, timeout=15):  # noqa: S310 - as above
            return ""
    except HTTPError as exc:
        return f"the storage answers {exc.code}"
    except (URLError, OSError) as exc:
        return str(exc)


def keep(problems):
    """The newest look takes the place of the one before."""
    with transaction():
        db.session.execute(delete(Check))
        db.session.add(Check(problems=problems))


def latest():
    """The newest look; an empty one when nobody has looked yet."""
    return db.session.scalar(select(Check).order_by(Check.id.desc()).limit(1)) or Check(problems=[])
