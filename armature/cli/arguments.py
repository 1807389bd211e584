"""The options and arguments that several commands share, each described once."""

from typing import Annotated

import typer

from armature.options import AssemblyOrder

DEFAULT_API_URL = "http://127.0.0.1:7071/api"


def _named(bundle: str) -> str:
    """Refuse an empty name, which is what a shell makes of an unset variable, and which would mean this folder."""
    if not bundle.strip():
        raise typer.BadParameter("it is empty; this folder is .")
    return bundle


def _local(bundle: str) -> str:
    if "://" in bundle:
        raise typer.BadParameter("only what is on this machine is checked here; give a folder or a zip.")
    return _named(bundle)


BundleArgument = Annotated[
    str, typer.Argument(metavar="BUNDLE", callback=_named, help="A folder, a zip, or the https URI of a zip.")
]
LocalBundleArgument = Annotated[str, typer.Argument(metavar="BUNDLE", callback=_local, help="A folder or a zip.")]
IdArgument = Annotated[str, typer.Argument(metavar="ID", help="The deployment's id.")]
ApiOption = Annotated[str, typer.Option("--api", envvar="ARMATURE_API_URL", help="The API's address.")]
KeyOption = Annotated[
    str | None, typer.Option("--key", envvar="ARMATURE_FUNCTION_KEY", help="The function key.", show_envvar=True)
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the resulting JSON document, and nothing else.")]
NoWaitOption = Annotated[bool, typer.Option("--no-wait", help="Ask for it, and do not watch it.")]
CommentOption = Annotated[str, typer.Option("--comment", metavar="TEXT", help="Why, in words that the state keeps.")]
TargetOption = Annotated[
    str | None, typer.Option("--target", metavar="SUBSCRIPTION[/GROUP]", help="Where to deploy, in one word.")
]
SubscriptionOption = Annotated[
    str | None,
    typer.Option("--subscription", help="The subscription; else ARMATURE_SUBSCRIPTION, else AZURE_SUBSCRIPTION_ID."),
]
GroupOption = Annotated[str | None, typer.Option("--resource-group", help="The resource group.")]
ManagementGroupOption = Annotated[
    str | None,
    typer.Option("--management-group", help="That of the templates for one whose manifest does not say which."),
]
LocationOption = Annotated[str | None, typer.Option("--location", help="The region, such as eastus2.")]
StackGroupsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--stack-resource-group", metavar="STACK=GROUP", help="The group of a cloud assembly's stack; may be repeated."
    ),
]
TenantOption = Annotated[str | None, typer.Option("--tenant", help="The tenant that portal links open.")]
ProjectOption = Annotated[str | None, typer.Option("--project", help="The project's name.")]
EnvironmentOption = Annotated[str | None, typer.Option("--environment", help="The environment's name.")]
CloudOption = Annotated[
    str | None, typer.Option("--cloud", envvar="AZURE_CLOUD", help="The app's cloud, to compare with the manifest's.")
]
OrderOption = Annotated[
    AssemblyOrder | None, typer.Option("--assembly-order", help="How the stacks of a cloud assembly are ordered.")
]
