"""A restore from its first check to a proven database beside the live one."""
