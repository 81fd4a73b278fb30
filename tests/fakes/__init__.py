"""Small stand-ins that behave, for tests without I/O."""
