"""Events told to the app's target URL, as HubSpot tells them."""
