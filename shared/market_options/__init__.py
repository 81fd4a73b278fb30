"""Options of a market that only one back-end knows."""
