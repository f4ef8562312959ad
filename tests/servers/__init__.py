"""Real servers for tests: started on free loopback ports in throw-away folders, ended with the test session."""
