"""What every service of the guild shares: messages, how an agent is declared, the durable runtime."""
