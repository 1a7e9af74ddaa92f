"""The Django project and the operations site."""

RELEASE = "0.1.0"
