"""What stands between the network and the endpoints: token, scopes, limits, latency, faults."""
