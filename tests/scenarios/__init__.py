"""The stories that rivals fail, and every fault by its name, as tests a shopkeeper can read."""
