"""Conformance of the local Service Bus broker, shown with the unmodified azure-servicebus SDK."""
