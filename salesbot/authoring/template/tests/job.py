def test_a_reminder_comes_in_an_hour(customer, clock):
    assert "in an hour" in customer.says("my words remind")[0].text
    clock.move(minutes=59)
    assert not customer.replies[1:]
    clock.move(minutes=2)
    assert "you wanted to be reminded" in customer.replies[-1].text
