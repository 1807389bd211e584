"""The limits of Azure Resource Manager that can be checked before anything is touched.

Source: Azure subscription and service limits, "Template limits" (Microsoft Learn, read 2025-11), and the rules for
names of `Microsoft.Resources/deployments`.
"""

import re

MAX_TEMPLATE_BYTES = 4 * 1024**2
MAX_REQUEST_BYTES = 4 * 1024**2  # the template, its parameters and all
MAX_PARAMETERS = 256
MAX_VARIABLES = 512
MAX_OUTPUTS = 64
MAX_RESOURCES = 800  # copies counted
MAX_EXPRESSION_CHARACTERS = 24_576
MAX_NESTED_LEVELS = 5  # of linked and nested deployments
MAX_DEPLOYMENT_NAME_CHARACTERS = 64
MAX_COPY_COUNT = 800

MAX_VALUE_CHARACTERS = 4 * 1024**2  # an expanded template has the limit of a template
MAX_VALUE_ITEMS = 100_000
"""Arrays, objects and their items in one value: ours, so that a few lines that double a value can't fill the memory."""
MAX_LAMBDA_CALLS = 200_000
MAX_LAMBDA_CHARACTERS = 16 * MAX_VALUE_CHARACTERS
MAX_LAMBDA_ITEMS = 1_000_000
"""What is called and made in one outermost lambda and all inside of it: ours too."""

DEPLOYMENT_NAME = re.compile(r"[A-Za-z0-9\-._()]{1,64}")
