"""Says a word to the buyer when an order is paid, and does something slow about it."""

from salesbot import Reply, hookimpl, later

PLUGIN = "thanks"

told = []


@hookimpl
def salesbot_order_changed(order, old, new):
    if new == "paid" and order.total >= 5000:
        later("thanks:tell", {"number": order.number}, order=order)
        return Reply("A big one! We thank you twice.")


@hookimpl
def salesbot_run_job(job):
    told.append(job.data["number"])  # an HTTP call to somebody who wants to know


def test_only_big_orders_are_thanked_for_twice(customer, catalogue):
    told.clear()
    small, big = catalogue.file("Leaflet", price=500), catalogue.file("Atlas", price=9000)
    for goods, thanked in ((small, False), (big, True)):
        customer.taps(f"buy:{goods.id}")
        texts = "\n".join(reply.text for reply in customer.pays())
        assert ("We thank you twice." in texts) == thanked
    assert told == [customer.orders[-1].number]
