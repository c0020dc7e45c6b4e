"""Rule sets with their revisions: in files, and on Kafka."""
