"""What is left after very many of everything."""
