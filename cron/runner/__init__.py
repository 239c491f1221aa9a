"""What `run` is made of: Python's own library, and Sentry only if it is set up."""
