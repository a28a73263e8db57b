"""Who may do what: roles, signing in, the guard before every page, and the audit of what was done."""
