"""What `ticket-worker …` runs, one module a command."""
