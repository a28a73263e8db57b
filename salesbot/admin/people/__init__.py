"""Customers, what is stored about them, and what they said that nobody understood."""
