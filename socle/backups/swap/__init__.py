"""Puts what was restored in the place of what is live, recovers, and undoes it."""
