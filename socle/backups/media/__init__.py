"""The uploaded files, to and from a folder or a bucket."""
