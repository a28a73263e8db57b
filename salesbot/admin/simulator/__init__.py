"""The simulator: customers without a phone, whose chats become tests."""
