"""The JSON extension: foreign software starts a workflow by an HTTP request. In: a JSON body. Out: a run per ``eventId``."""
