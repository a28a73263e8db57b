"""The catalogues of all languages."""
