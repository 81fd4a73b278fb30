"""A Service Bus broker for one machine: AMQP 1.0 on loopback, in memory, for the unmodified azure-servicebus SDK."""
