"""The commercetools HTTP API: client, messages, update actions."""
