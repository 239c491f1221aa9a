"""Numbers for Prometheus, at a port of their own that no visitor reaches."""
