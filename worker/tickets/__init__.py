"""What a ticket asks for, what is planned for it and written, and who moved it before."""
