"""Functions triggers: decode, hand to the pipeline, settle."""
