"""What others call over HTTP: doorbells of both sides, and the server they come in by."""
