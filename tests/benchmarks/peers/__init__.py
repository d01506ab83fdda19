"""Small, fair implementations of the same work with other tools, run in an environment of their own."""
