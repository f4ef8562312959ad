"""Our clients of the real products, one package each. They know HTTP and the product's words, and nothing of our stages."""
