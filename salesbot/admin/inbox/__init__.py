"""The inbox: the list of chats, one chat, and what staff do in it."""
