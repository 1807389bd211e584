"""The HTTP API of bundles: take a zip, or hand out an address to upload one to."""

import asyncio
import io
import secrets

import azure.durable_functions as df
import azure.functions as func

from armature.azure.services import services
from armature.bundle import BundleError, BundleLimits
from armature.zip_bundle import ZipBundle
from triggers.answers import ProblemError, answered, json_answer, problem_list

MAX_BODY_BYTES = 64 * 1024**2
"""A Functions host takes 100 MB in a request and holds it in memory (HTTP trigger limits, 2025)."""

MAX_TOLD = 10
"""Problems told in the answer's `detail`; `problems` lists more."""

blueprint = df.Blueprint()


@blueprint.route(route="bundles", methods=["POST"])
async def create_bundle(req: func.HttpRequest) -> func.HttpResponse:
    """A zip in the body is stored; an empty body gets a write-only address, good for one hour, to upload it to."""

    async def serve() -> func.HttpResponse:
        body = req.get_body()
        bundle_id = f"bundle-{secrets.token_hex(12)}"
        if not body:
            url, expires_at = await asyncio.to_thread(services().bundles.upload_url, bundle_id)
            answer = {"bundleId": bundle_id, "uploadUrl": url, "expiresAt": expires_at.isoformat()}
            return json_answer(answer, 201)
        _check(body)
        await asyncio.to_thread(services().bundles.store, bundle_id, io.BytesIO(body))
        return json_answer({"bundleId": bundle_id}, 201)

    return await answered(serve)


def _check(body: bytes) -> None:
    if len(body) > MAX_BODY_BYTES:
        detail = (
            f"The bundle has {len(body)} bytes; at most {MAX_BODY_BYTES} are taken in a request. "
            "POST with an empty body to get an address to upload it to."
        )
        raise ProblemError(413, "bundle-too-large", "The bundle is too large for a request", detail)
    try:
        ZipBundle(io.BytesIO(body), BundleLimits.of(services().settings)).close()
    except BundleError as refused:
        detail = "; ".join(str(problem) for problem in refused.problems[:MAX_TOLD])
        raise ProblemError(
            400, "bundle-refused", "The bundle is refused", detail, problems=problem_list(refused.problems)
        ) from refused
