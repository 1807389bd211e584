"""The managed identity endpoint of App Service: tokens for the app, by a secret header."""
