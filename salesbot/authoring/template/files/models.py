"""The tables of My plugin; each table's name begins with the plugin's name."""

from sqlalchemy import BigInteger, ForeignKey, select
from sqlalchemy.orm import Mapped, mapped_column

from salesbot.models import db


class MyPluginVisits(db.Model):
    """How often one customer came."""

    __tablename__ = "myplugin_visits"

    customer_id: Mapped[int] = mapped_column(
        ForeignKey("customer.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    count: Mapped[int] = mapped_column(BigInteger, default=0)


def count_visit(customer_id):
    """Adds a visit; how many there are now. Two at once are both counted."""
    visits = db.session.get(MyPluginVisits, customer_id, with_for_update=True)
    if visits is None:
        visits = MyPluginVisits(customer_id=customer_id, count=0)
        db.session.add(visits)
    visits.count += 1
    db.session.flush()
    return visits.count


def visits_of(customer_id):
    return (
        db.session.scalar(select(MyPluginVisits.count).where(MyPluginVisits.customer_id == customer_id)) or 0
    )


def forget(customer_id):
    visits = db.session.get(MyPluginVisits, customer_id)
    if visits is not None:
        db.session.delete(visits)
        db.session.flush()


def hand_over(other_id, customer_id):
    """What was one customer's is the other's: they are one person."""
    visits, others = (db.session.get(MyPluginVisits, number) for number in (customer_id, other_id))
    if others is None:
        return
    if visits is None:
        visits = MyPluginVisits(customer_id=customer_id, count=0)
        db.session.add(visits)
    visits.count += others.count
    db.session.delete(others)
    db.session.flush()
