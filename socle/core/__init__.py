"""What every other part of the base stands on: environment, health, logs, API form."""
