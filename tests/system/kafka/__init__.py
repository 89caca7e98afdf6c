"""A real Apache Kafka for the system tests: `fetch` gets it, `broker` runs it, `wire` talks to it by hand."""
