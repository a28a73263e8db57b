"""For whoever writes a plugin: a new one to begin with, and a list of checks before it is published."""
