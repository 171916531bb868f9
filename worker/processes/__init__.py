"""What processes live by: supervision, health, logs, counters, the policy in force."""
