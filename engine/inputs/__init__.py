"""What a person gives a network to see: pictures as arrays."""
