"""Pure mapping between commercetools, the canonical model and the back-ends."""
