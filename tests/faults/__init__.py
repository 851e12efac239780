"""What happens to the integration when something else goes wrong."""
