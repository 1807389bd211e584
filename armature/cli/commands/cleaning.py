"""`armature cleanup`: what mode Complete would delete, or has deleted. It changes nothing."""

from armature.cli.arguments import DEFAULT_API_URL, ApiOption, IdArgument, JsonOption, KeyOption
from armature.cli.clean_up_list import print_clean_up
from armature.cli.client import ApiClient
from armature.cli.commands.application import EXIT_CODES, app
from armature.cli.endings import reported
from armature.cli.screen import output, print_json


@app.command(epilog=EXIT_CODES)
def cleanup(
    deployment_id: IdArgument,
    as_json: JsonOption = False,
    api: ApiOption = DEFAULT_API_URL,
    key: KeyOption = None,
) -> None:
    """Show the exact list of what mode Complete would delete, or has deleted, and what is kept. Nothing is changed."""
    with reported(as_json=as_json), ApiClient(api, key) as client:
        view = client.clean_up(deployment_id)
        if as_json:
            print_json(view.dump())
        else:
            print_clean_up(output(), view)
