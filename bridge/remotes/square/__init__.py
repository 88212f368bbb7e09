"""Square over REST, with the official SDK for access."""
