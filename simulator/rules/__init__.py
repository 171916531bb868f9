"""What HubSpot refuses, and how search reads its filters."""
