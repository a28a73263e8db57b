def test_two_questions_make_a_card(customer):
    customer.says("hi")
    assert customer.picks("Send a gift")[0].text == "Who is it for?"
    assert customer.says("Ana")[0].text == "What should the card say?"
    assert "For Ana: Happy birthday!" in customer.says("Happy birthday!")[0].text


def test_an_answer_is_taken_as_it_is(customer):
    """Even a number or the name of a product is an answer while a question is open."""
    customer.taps("gift:start")
    customer.says("2")
    assert "For 2: book" in customer.says("book")[0].text


def test_menu_leaves_the_question(customer):
    customer.taps("gift:start")
    assert "Send a gift" in customer.says("menu")[0].text
    assert "What should the card say?" not in customer.says("Ana")[0].text


def test_two_customers_do_not_mix(customers):
    ana, ben = customers("Ana"), customers("Ben")
    for who, name in ((ana, "Carla"), (ben, "Dan")):
        who.taps("gift:start")
        who.says(name)
    assert "For Carla: Hello" in ana.says("Hello")[0].text
    assert "For Dan: Goodbye" in ben.says("Goodbye")[0].text


def test_a_crash_leaves_the_customer_an_answer(customer, monkeypatch, caplog):
    customer.taps("gift:start")
    monkeypatch.setattr("salesbot_gift_card_note.Reply", None)
    assert customer.says("Ana")[0].choices
    assert "plugin gift failed" in caplog.text
