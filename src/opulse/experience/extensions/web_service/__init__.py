"""The Web service extension. In: a run. Out: one HTTP request, and the parts of its answer that later tasks may pipe."""
