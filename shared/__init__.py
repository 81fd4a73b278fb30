"""The product: the connector between commercetools and Dynamics 365."""
