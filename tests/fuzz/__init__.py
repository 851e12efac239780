"""What nobody would send."""
