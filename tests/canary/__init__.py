"""No secret in anything that is written."""
