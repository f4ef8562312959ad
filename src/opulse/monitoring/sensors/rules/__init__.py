"""Pure decisions: which lines of a batch are taken, and how a batch is packed."""
