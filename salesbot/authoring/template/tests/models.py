def test_visits_are_counted_for_each_customer(customers):
    ana, ben = customers("Ana"), customers("Ben")
    assert "You came 1 times." in ana.says("my words count")[0].text
    assert "You came 2 times." in ana.says("my words count")[0].text
    assert "You came 1 times." in ben.says("my words count")[0].text
