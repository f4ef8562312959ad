"""What looks at both wings through their doors: the conservation ledger and "why was this person not asked?"."""
