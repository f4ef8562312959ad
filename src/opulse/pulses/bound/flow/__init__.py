"""The use cases of a pulse: look before saving, save, pause, put back or keep what was changed by hand, delete."""
