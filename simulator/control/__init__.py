"""The control API under /__control: time, arrivals, other writers, faults, counters."""
