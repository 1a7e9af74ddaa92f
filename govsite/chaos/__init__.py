"""Breaks a running stack in every way that we could think of, and checks after each what must always hold."""
