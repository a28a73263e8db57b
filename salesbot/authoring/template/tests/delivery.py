def test_what_is_paid_is_delivered(customer, catalogue):
    catalogue.setting("myplugin.myplugin_seed", "a secret")
    ticket = catalogue.product("Ticket", kind="myplugin")
    customer.taps(f"buy:{ticket.id}")
    assert "Your code for Ticket:" in customer.pays()[-1].text


def test_without_its_secret_the_delivery_waits(customer, catalogue, clock, caplog):
    ticket = catalogue.product("Ticket", kind="myplugin")
    customer.taps(f"buy:{ticket.id}")
    customer.pays()
    assert "plugin myplugin failed in salesbot_deliver" in caplog.text
    catalogue.setting("myplugin.myplugin_seed", "a secret")
    clock.move(minutes=1)
    assert "Your code for Ticket:" in customer.replies[-1].text
