"""The resource manager that these tests ask."""

from tests.loopback_arm import certificate as certificate
from tests.loopback_arm import rig as rig
