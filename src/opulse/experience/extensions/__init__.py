"""Extensions that ship with the product: one folder each, complete, none knowing another.

A third party adds one by the entry point group ``opulse.extensions``, whose value is a
:class:`~opulse.experience.workflows.registry.Extension`.
"""
