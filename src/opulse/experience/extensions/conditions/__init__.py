"""The Conditions extension: a block between tasks. In: a run. Out: who of its contacts the tasks behind it are about."""
