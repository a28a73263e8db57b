"""The shop itself: first steps, settings, WhatsApp, templates, plugins, staff, the history of changes."""
