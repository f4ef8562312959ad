"""Pictures of the main pages, for whoever changes them: not tests, and nothing here is collected."""
