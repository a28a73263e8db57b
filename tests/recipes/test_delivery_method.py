"""Delivers goods of a kind of its own."""

from salesbot import Delivered, NeedsStaff, hookimpl

PLUGIN = "tickets"


@hookimpl
def salesbot_deliver(unit):
    if unit.kind != "ticket":
        return None
    if "hall" not in unit.options:
        return NeedsStaff("the product's options name no hall")
    return Delivered(text=f"Hall {unit.options['hall']}.", secret=f"T-{unit.order.number}-{unit.key}")


def test_each_ticket_is_another(customer, catalogue):
    ticket = catalogue.product("Concert", kind="ticket", options={"hall": "B"})
    customer.taps(f"checkout:several:{ticket.id}")
    customer.says("2")
    text = "\n".join(reply.text for reply in customer.pays())
    assert "Hall B." in text
    assert len({word for word in text.split() if word.startswith("T-")}) == 2


def test_without_a_hall_staff_have_it_tried_again(customer, catalogue, staff):
    ticket = catalogue.product("Concert", kind="ticket")
    customer.taps(f"buy:{ticket.id}")
    customer.pays()
    order = staff("agent").get(f"/admin/order/details/?id={customer.orders[-1].id}").text
    assert "options name no hall" in order
    assert "Try it again" in order
