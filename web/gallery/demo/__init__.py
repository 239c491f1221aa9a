"""What `setup_project` puts into an empty site, for people to look at."""
