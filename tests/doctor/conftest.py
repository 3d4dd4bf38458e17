"""The resource manager that these tests ask."""

from tests.clinic import rig as rig
