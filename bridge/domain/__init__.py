"""What decides: pure functions and values, standard library only."""
