"""What a result must be like before it leaves: personal data, secrets, harmful content, consistency. Pure."""
