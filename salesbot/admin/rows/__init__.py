"""The view that every model gets: list, search, form, and rows that come in and go out as files."""
