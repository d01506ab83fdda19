"""How fast this service is beside others that do the same work, and how its costs grow."""
