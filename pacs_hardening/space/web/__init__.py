"""What somebody without a login can vary in an HTTP request."""
