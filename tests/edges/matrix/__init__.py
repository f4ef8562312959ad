"""Every route of the application against every kind of caller: what is walked, who calls, with which objects and bodies.

A route that is new is found by itself. If it takes a path parameter that is not in ``objects.MAKERS``, or a body that is not in
``bodies.BODIES``, a test fails and says which line to add.
"""
