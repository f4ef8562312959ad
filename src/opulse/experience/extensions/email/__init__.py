"""The E-mail extension. In: a run. Out: one mail, a copy to each address, each sent at most once."""
