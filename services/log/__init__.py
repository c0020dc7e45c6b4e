"""The event log and what hangs on it: the journal of the embedded mode, Kafka's topics, how both are swept."""
