"""The Ask Now extension: ask people without a sensor. In: a group, a list or pasted people. Out: a run that asks them.

The run is one of an ordinary workflow with the ordinary task, so it has a history, and every rule about whom not to ask holds.
"""
