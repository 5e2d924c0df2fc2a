"""The engines that write: Ollama where there is one, else llama.cpp in this process."""
