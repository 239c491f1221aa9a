"""What a backup is made of: names, metadata, manifest, checksums, encryption."""
