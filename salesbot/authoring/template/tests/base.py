def test_whoever_writes_the_words_is_answered(customer):
    assert "Hello from My plugin!" in customer.says("my words")[0].text


def test_the_menu_leads_to_it(customer):
    customer.says("hi")
    assert "Hello from My plugin!" in customer.picks("My plugin")[0].text


def test_others_are_answered_as_before(customer):
    assert "Hello from My plugin!" not in customer.says("hi")[0].text


def test_a_crash_leaves_the_customer_an_answer(customer, monkeypatch, caplog):
    monkeypatch.setattr("salesbot_myplugin.Reply", None)
    assert customer.says("my words")[0].choices
    assert "plugin myplugin failed" in caplog.text
