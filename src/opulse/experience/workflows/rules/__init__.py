"""Pure decisions of workflows."""
