def test_a_fan_is_greeted(customer):
    reply = customer.says("I love football!")[0]
    assert reply.text.startswith("You too?")
    assert [choice.title for choice in reply.choices] == ["Football books"]


def test_the_line_leads_to_books(customer, catalogue):
    catalogue.file("Football for beginners")
    customer.says("football")
    assert "Football for beginners" in customer.says("1")[0].text


def test_others_are_greeted_as_before(customer):
    assert "You too?" not in customer.says("hi")[0].text


def test_a_crash_leaves_the_customer_an_answer(customer, monkeypatch, caplog):
    monkeypatch.setattr("salesbot_football.Choice", None)
    assert customer.says("football")[0].choices
    assert "plugin football failed" in caplog.text
