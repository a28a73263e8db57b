"""The page of an order: its story, its facts, and what can be done with it."""
