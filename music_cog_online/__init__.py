"""Put music and video in sync by talking to an agent."""
