"""All SQL of the stage: ``candidates`` and ``asking`` decide, ``sending`` and ``chores`` send, ``steering`` and ``records``."""
