"""How things are shown to staff: values, times, names of columns, what was noted down, in their language."""
