"""The operators' command line, ctd365."""
