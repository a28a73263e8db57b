"""Crashes and random schedules on the way of messages, money and keys."""
