"""The cloud that the tests' stacks are in: AzureCloud, or the one that the environment variable ARMATURE_TEST_CLOUD
names. What is another in each cloud, a test takes from here."""

import os

from emulator.clouds import CLOUDS, PUBLIC

CLOUD = CLOUDS[os.environ.get("ARMATURE_TEST_CLOUD", PUBLIC.name)]
LOCATION, OTHER_LOCATION = CLOUD.default_location, CLOUD.other_location
