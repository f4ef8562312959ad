"""The journey of one activation across both wings, live: from the first sensor to the last answer; results, ledger, search."""
