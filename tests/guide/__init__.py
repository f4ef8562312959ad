"""The integration guide, done click by click in a browser, each step a function with the guide's number.

The parts are modules: what is not in the guide stands in ``prerequisites`` and ``incident``, the guide's procedures in the five
modules between. ``test_the_guide`` does them in order, on two installations: one is SysTrack's half, the other Qualtrics'.
"""
