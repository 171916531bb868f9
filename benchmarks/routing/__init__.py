"""How well tickets are routed in voices not learned from; see `docs/routing-quality.md`."""
