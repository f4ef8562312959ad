"""Chaos: passes of an incident while processes die or are stopped, and relay and receivers misbehave; then the books are checked.

``plan`` draws from a seed what goes wrong in a pass, ``relay`` and ``front`` misbehave as drawn, ``members`` are the processes
that are killed, ``passing`` runs one pass, ``verdict`` compares the rows with what the relay took, ``run`` is the command,
``soak`` the long form.
"""
