"""What tests of salesbot and of plugins use; `pip install salesbot[testing]` is all that it needs.

A test is a conversation: `assert "You too?" in customer.says("I love football")[0].text`. The
fixtures stand in `salesbot.testing.plugin`, and pytest finds them by itself.
"""
