"""What computes the values of a network's layers."""
