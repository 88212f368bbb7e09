"""Orders as shops really compute them, by the hundred thousand, and their mirrors at Square."""
