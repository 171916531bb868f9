"""The believable portal the simulator starts with."""
