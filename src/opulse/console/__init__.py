"""Console pages across both wings: home, the journey of one activation, search."""
