"""A conversation in a test reads like one."""


def test_a_customer_says_hi_and_is_answered(customer, catalogue):
    catalogue.key("Editor licence", price=1900, keys=["K-1"])
    replies = customer.says("hi")
    assert "Hi Sam!" in replies[0].text
    assert "1. Goods" in replies[0].text
