"""The composition roots of the cluster mode: one process per service, on Apache Kafka."""
