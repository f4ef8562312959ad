"""The Schedule extension: a workflow starts at times of a calendar, in the zone of its author.

In: the clock. Out: a run per time, about the members of a mailing list where one was chosen.
"""
