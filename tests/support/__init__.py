"""What tests need beyond the application: a real PostgreSQL, a real browser."""
