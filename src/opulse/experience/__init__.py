"""Wing 2, what people tell us: directory → surveys → workflows → distributions → responses → extensions → impact.

A webhook's JSON event comes in, a workflow writes ``lastAlarm`` on contacts, a second workflow asks them, and their answers
become the impact of an activation. Nothing here imports ``opulse.monitoring``: the two wings meet on the wire alone.
"""
