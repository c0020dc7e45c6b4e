"""The rules side of the cluster mode: route and evaluate on Kafka, with Faust in app.py alone."""
