"""Stand-ins for what surrounds the product: an estate of machines that report, and people who read mail and answer.

They stand outside: they speak HTTP to the public API and to the respondent's page, and read mail from the demo's sink.
Of the real products that we connect to, `systrack` and `qualtrics` are stand-ins; `faults` go around them.
"""
