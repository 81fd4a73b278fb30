"""Queue names, sender, dead letters."""
