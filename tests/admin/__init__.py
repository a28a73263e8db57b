"""The back office, as staff and as strangers meet it."""
