"""A small strict OData v4 core: definitions are data, products add their rules."""
