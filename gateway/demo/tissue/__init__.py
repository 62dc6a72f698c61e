"""Pictures of tissue that never was: stained sections grown from noise, pleasant at any magnification."""

from gateway.demo.tissue.noise import Picture
from gateway.demo.tissue.section import halved, section

__all__ = ["Picture", "halved", "section"]
