"""One module per thing that is measured. Each has ``async def measure(scope: Scope) -> list[Figure]``."""
