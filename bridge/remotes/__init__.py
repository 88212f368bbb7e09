"""What talks to the two sides; nothing here decides."""
