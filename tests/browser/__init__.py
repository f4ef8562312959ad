"""The demo in a real browser, as a newcomer uses it."""
