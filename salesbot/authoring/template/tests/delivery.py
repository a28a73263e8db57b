def test_what_is_paid_is_delivered(customer, catalogue):
    catalogue.setting("myplugin.myplugin_seed", "a secret")
    ticket = catalogue.product("Ticket", kind="myplugin")
    customer.taps(f"buy:{ticket.id}")
    assert "Your code for Ticket:" in customer.pays()[-1].text


def test_without_its_secret_staff_are_told_and_have_it_tried_again(customer, catalogue, staff):
    ticket = catalogue.product("Ticket", kind="myplugin")
    customer.taps(f"buy:{ticket.id}")
    customer.pays()
    agent, order = staff("agent"), customer.orders[0].id
    assert "there is no secret yet" in agent.get(f"/admin/order/details/?id={order}").text
    catalogue.setting("myplugin.myplugin_seed", "a secret")
    agent.post(f"/admin/order/{order}/try-again", {"delivery": 1})
    assert "Your code for Ticket:" in customer.replies[-1].text
