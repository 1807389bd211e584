"""The sample's guestbook: what is written in it stays until the process ends."""

import json

import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
entries: list[str] = []


@app.route("entries", methods=["GET", "POST"])
def guestbook(req: func.HttpRequest) -> func.HttpResponse:
    """Read the entries, or add the one in the body."""
    if req.method == "POST":
        entries.append(req.get_body().decode()[:200])
    return func.HttpResponse(json.dumps({"entries": entries}), mimetype="application/json")
