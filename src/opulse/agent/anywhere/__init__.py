"""Collectors that read a machine by psutil alone: the same on Windows and macOS, and run by the tests on Linux."""
