"""Wing 1, what machines tell us: systems → sensors → recipients → notifications → activations → deliveries.

Sensor states come in, a notification's threshold is met, an activation opens, its recipients are told by webhook or mail,
and the affected-systems API answers who was hit. Nothing here imports ``opulse.experience``: the two wings meet on the
wire alone.
"""
