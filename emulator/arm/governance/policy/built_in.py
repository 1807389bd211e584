"""A few of the built-in policies, those that are assigned most.

Source: https://learn.microsoft.com/azure/governance/policy/samples/built-in-policies, General and Tags.
"""

from typing import Any

_TEXT: dict[str, Any] = {"type": "String"}
_TEXTS: dict[str, Any] = {"type": "Array"}

BUILT_IN_POLICIES: dict[str, dict[str, Any]] = {
    "e56962a6-4747-49cd-b67b-bf8b01975c4c": {
        "displayName": "Allowed locations",
        "mode": "Indexed",
        "parameters": {"listOfAllowedLocations": _TEXTS},
        "policyRule": {
            "if": {
                "allOf": [
                    {"field": "location", "notIn": "[parameters('listOfAllowedLocations')]"},
                    {"field": "location", "notEquals": "global"},
                    {"field": "type", "notEquals": "Microsoft.AzureActiveDirectory/b2cDirectories"},
                ]
            },
            "then": {"effect": "deny"},
        },
    },
    "6c112d4e-5bc7-47ae-a041-ea2d9dccd749": {
        "displayName": "Not allowed resource types",
        "mode": "All",
        "parameters": {
            "listOfResourceTypesNotAllowed": _TEXTS,
            "effect": {"type": "String", "defaultValue": "Deny"},
        },
        "policyRule": {
            "if": {
                "allOf": [
                    {"field": "type", "in": "[parameters('listOfResourceTypesNotAllowed')]"},
                    {"field": "type", "exists": True},
                ]
            },
            "then": {"effect": "[parameters('effect')]"},
        },
    },
    "871b6d14-10aa-478d-b590-94f262ecfa99": {
        "displayName": "Require a tag on resources",
        "mode": "Indexed",
        "parameters": {"tagName": _TEXT},
        "policyRule": {
            "if": {"not": {"field": "tags", "containsKey": "[parameters('tagName')]"}},
            "then": {"effect": "deny"},
        },
    },
}
