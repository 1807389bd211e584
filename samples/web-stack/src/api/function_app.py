"""The sample's web API: a greeting, and a health check that App Service asks."""

import json

import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)


@app.route("hello/{name?}", methods=["GET"])
def hello(req: func.HttpRequest) -> func.HttpResponse:
    """Greet whoever the route names."""
    name = req.route_params.get("name") or "world"
    return func.HttpResponse(json.dumps({"greeting": f"Hello, {name}"}), mimetype="application/json")


@app.route("health", methods=["GET"])
def health(req: func.HttpRequest) -> func.HttpResponse:
    """Say that the app is up."""
    return func.HttpResponse(json.dumps({"status": "ok"}), mimetype="application/json")
