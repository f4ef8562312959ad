"""Text with holes that users wrote: ``@{name}`` in webhook bodies, ``${source://path}`` in surveys, mails and tasks.

One pass: what a value contains is never read as a template again, and each value is escaped for the place it lands in.
There are no expressions, loops or filters on purpose; a template can name values and nothing else. Pure.
"""
