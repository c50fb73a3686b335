"""Language models: prompts, requests, answers, budgets. LiteLLM is imported only when a model is asked."""
